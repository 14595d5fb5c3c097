internal import API
internal import Core
internal import HTTP
internal import Ingest
internal import Journal
internal import Logging
internal import Postgres

/// Provenance events over HTTP. Contract beampipe §3.
struct ProvenanceRoutes: Sendable {
    static let tag = "Provenance"

    let journal: Journal
    let board: ProvenanceProjection.Board
    let reader: StoreReader
    let pool: Pool
    let follower: Follower
    let hub: EventHub
    let archive: EventArchive
    let metrics: ProvenanceMetrics
    let logger: Logger
    /// How long events are kept; zero for ever.
    let keep: Duration
    let heartbeat: Duration
    let pageBytes: Int

    /// All endpoints.
    var all: [Endpoint] { feeds + [event, stream, post] }

    /// An endpoint that answers from rows, after it has waited for the copies of what was written before.
    func read(
        _ path: String,
        _ summary: String,
        _ parameters: [APIParameter],
        answers: [APIAnswer],
        answer:
            @escaping @Sendable (Request) throws(OperatorFailure) -> @Sendable (Connection) throws -> Response
    ) -> Endpoint {
        Endpoint(
            .get,
            path,
            scope: .read,
            envelope: .platform,
            documentation: EndpointDocumentation(
                tag: Self.tag,
                summary: summary,
                parameters: parameters,
                answers: answers + [
                    .failure(400, "A parameter is not valid; `failure.diagnostics` names it."),
                    .failure(500, "A bug in Weir; its log has the reason."),
                    .failure(503, "PostgreSQL is away or busy. Retry.", headers: [.retryAfter]),
                ]
            ),
            handler: .async { request in
                let question: @Sendable (Connection) throws -> Response
                do throws(OperatorFailure) {
                    question = try answer(request)
                } catch {
                    return error.response
                }
                await follower.catchUp()
                // A replica has no copy of what was copied just now.
                return await reader.answer(.platform, changes: true, question)
            }
        )
    }

    static func notFound(_ what: String) -> OperatorFailure {
        OperatorFailure(.notFound, "There is no such \(what).")
    }
}
