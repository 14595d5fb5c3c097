package import API
package import HTTP
package import Logging
package import Postgres

/// Answers a GET from the store: waits for lines that were acknowledged before it, queries on a pooled connection,
/// and responds in the surface's own error envelope when PostgreSQL cannot answer.
package struct StoreReader: Sendable {
    private let pool: Pool
    private let gate: ReadGate
    private let replica: ReadReplica?
    private let logger: Logger

    /// Makes a reader of the rows of one stream; it asks the replica first, and the pool when the replica cannot
    /// answer.
    package init(pool: Pool, gate: ReadGate, replica: ReadReplica? = nil, logger: Logger) {
        self.pool = pool
        self.gate = gate
        self.replica = replica
        self.logger = logger
    }

    /// Runs `body` on a connection's own queue and returns its response.
    ///
    /// 503 with `Retry-After` when PostgreSQL is away or busy; 500 for bugs of Weir; a `Weir-Lag-Lines` field when
    /// some acknowledged lines are not visible yet. `changes` says that `body` writes, which a replica can't.
    package func answer(
        _ envelope: ErrorEnvelope,
        changes: Bool = false,
        _ body: @escaping @Sendable (Connection) throws -> Response
    ) async -> Response {
        let passage = await gate.pass()
        do {
            let (answer, lag) = try await read(passage, changes ? nil : replica, body)
            var response = answer
            if lag > 0 { response.fields.append("Weir-Lag-Lines", String(lag)) }
            return response
        } catch let error as PostgresError where error.isRetryable {
            return unavailable(envelope, Self.advice(error.kind))
        } catch let error as PostgresError where error.sqlState == "22021" {
            // No stored text holds such bytes: they come from the request.
            logger.error("query failed", metadata: ["error": "\(error)"])
            return envelope.response(.badRequest, "PostgreSQL cannot compare with a value of this request.")
        } catch {
            logger.error("query failed", metadata: ["error": "\(error)"])
            return envelope.response(.internalServerError, "Weir could not answer this; its log says why.")
        }
    }

    private func read(
        _ passage: ReadGate.Passage,
        _ replica: ReadReplica?,
        _ body: @escaping @Sendable (Connection) throws -> Response
    ) async throws -> (Response, lag: Int64) {
        if let answer = try await replica?.answer(passage, body) { return answer }
        return (try await pool.withConnection(body), passage.missing)
    }

    private static func advice(_ kind: PostgresError.Kind) -> String {
        switch kind {
        case .cancelled: "The database did not answer within the time allowed. Narrow the question."
        case .poolTimeout: "All database connections are busy. Ask again."
        case .tooManyConnections: "The database has no free connection for Weir. Nothing is lost: ask again."
        default: "The database cannot be reached at the moment. Nothing is lost: ask again."
        }
    }

    private func unavailable(_ envelope: ErrorEnvelope, _ message: String) -> Response {
        var response = envelope.response(.serviceUnavailable, message)
        response.fields.append("Retry-After", "1")
        return response
    }
}
