import Core
import Observability
import Postgres

/// The health of PostgreSQL for the health pages.
struct PoolHealth: DatabaseHealthSource {
    let pool: Pool

    var lastKnown: DatabaseHealth {
        let status = pool.status
        switch status.isReachable {
        case .none: return .unknown
        case .some(true): return .connected
        case .some(false):
            return .failed(status.lastError.map { DatabaseTrouble($0).brief } ?? "cannot be reached")
        }
    }

    func check(within limit: Duration) async -> DatabaseHealth {
        let outcome = FirstAnswer<DatabaseHealth>()
        let question = Task { [pool] in
            do {
                _ = try await pool.withConnection { try $0.execute("SELECT 1", []) }
                outcome.settle(.connected)
            } catch {
                outcome.settle(
                    .failed((error as? PostgresError).map { DatabaseTrouble($0).brief } ?? "failed")
                )
            }
        }
        let watch = Task { [pool] in
            try? await Task.sleep(for: limit)
            // A full server is retried until WEIR_POOL_WAIT is over; its error is known before that.
            outcome.settle(
                .failed(pool.status.lastError.map { DatabaseTrouble($0).brief } ?? "no answer in time")
            )
        }
        let health = await outcome.value
        question.cancel()
        watch.cancel()
        return health
    }
}
