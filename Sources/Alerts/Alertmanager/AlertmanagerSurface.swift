internal import API
internal import Core
internal import HTTP
internal import Logging
internal import Postgres

/// What the endpoints of Alertmanager's API v2 share: an error is a JSON text, as `amtool` shows it.
struct AlertmanagerSurface: Sendable {
    let pool: Pool
    let logger: Logger

    private static let envelope = ErrorEnvelope(schema: .text) { _, message in JSONText.quoted(message) }

    /// A GET that is answered from rows.
    func read(
        _ path: String,
        _ summary: String,
        _ parameters: [APIParameter] = [],
        answers: [APIAnswer],
        answer: @escaping @Sendable (Request, Connection) throws -> Response
    ) -> Endpoint {
        endpoint(.get, path, .read, summary, parameters, nil, answers) { request in
            await respond { try answer(request, $0) }
        }
    }

    /// A write that is one transaction.
    func write(
        _ method: Method,
        _ path: String,
        _ summary: String,
        body: APIType? = nil,
        answers: [APIAnswer],
        answer: @escaping @Sendable (Request, Connection) throws -> Response
    ) -> Endpoint {
        endpoint(method, path, .admin, summary, [], body, answers) { request in
            await respond { connection in try connection.transaction { try answer(request, connection) } }
        }
    }

    private func endpoint(
        _ method: Method,
        _ path: String,
        _ scope: Scope,
        _ summary: String,
        _ parameters: [APIParameter],
        _ body: APIType?,
        _ answers: [APIAnswer],
        handler: @escaping @Sendable (Request) async -> Response
    ) -> Endpoint {
        let ofBody = body == nil ? [] : Self.refusalsOfBody
        return Endpoint(
            method,
            path,
            scope: scope,
            bodyLimit: body == nil ? nil : 1 << 20,
            envelope: Self.envelope,
            documentation: EndpointDocumentation(
                tag: "Alertmanager",
                summary: summary,
                parameters: parameters,
                request: body,
                answers: answers + ofBody + Self.refusals
            ),
            handler: .async(handler)
        )
    }

    /// An error of these endpoints.
    static func refusal(_ status: Int, _ summary: String, headers: [APIAnswer.Header] = []) -> APIAnswer {
        APIAnswer(status, summary, .text, headers: headers)
    }

    private static let refusals = [
        refusal(500, "A bug in Weir; its log has the reason."),
        refusal(503, "PostgreSQL is away or busy. Retry.", headers: [.retryAfter]),
    ]

    private static let refusalsOfBody = [
        refusal(413, "The body is larger than 1 MiB."),
        refusal(415, "The body is not announced as application/json."),
    ]

    private func respond(_ body: @escaping @Sendable (Connection) throws -> Response) async -> Response {
        do {
            return try await pool.withConnection(body)
        } catch let failure as OperatorFailure {
            return Self.error(failure.status, failure.message)
        } catch let error as PostgresError where error.isRetryable {
            var response = Self.error(.serviceUnavailable, "PostgreSQL is away or busy: ask again.")
            response.fields.append("Retry-After", "1")
            return response
        } catch {
            logger.error("an endpoint of alerts failed", metadata: ["error": "\(error)"])
            return Self.error(.internalServerError, "Weir could not answer this; its log says why.")
        }
    }

    private static func error(_ status: Status, _ message: String) -> Response {
        .json(JSONText.quoted(message), status: status)
    }
}

extension Timestamp {
    /// RFC 3339 in UTC with milliseconds, as Alertmanager writes it.
    var inMilliseconds: String { String(iso8601(offset: .z).prefix(23)) + "Z" }
}
