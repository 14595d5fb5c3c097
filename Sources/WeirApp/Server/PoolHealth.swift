import Observability
import Postgres

/// What the health pages may know about PostgreSQL.
struct PoolHealth: DatabaseHealthSource {
    let pool: Pool

    var lastKnown: DatabaseHealth {
        let status = pool.status
        switch status.isReachable {
        case .none: return .unknown
        case .some(true): return .connected
        case .some(false): return .failed(status.lastError.map(Self.words) ?? "cannot be reached")
        }
    }

    func check(within limit: Duration) async -> DatabaseHealth {
        let outcome = FirstAnswer<DatabaseHealth>()
        let question = Task { [pool] in
            do {
                _ = try await pool.withConnection { try $0.execute("SELECT 1", []) }
                outcome.settle(.connected)
            } catch {
                outcome.settle(.failed((error as? PostgresError).map(Self.words) ?? "failed"))
            }
        }
        let watch = Task {
            try? await Task.sleep(for: limit)
            outcome.settle(.failed("no answer in time"))
        }
        let health = await outcome.value
        question.cancel()
        watch.cancel()
        return health
    }

    /// Never the driver's text: it names hosts, users and databases.
    private static func words(_ error: PostgresError) -> String {
        switch error.kind {
        case .unreachable: "cannot be reached"
        case .authentication: "user or password refused"
        case .missingDatabase: "the database does not exist"
        case .unsupportedServer: "the server is too old"
        case .poolTimeout: "all connections are busy"
        case .cancelled: "no answer in time"
        default: "failed"
        }
    }
}
