package import API
internal import Core
package import HTTP
package import Ingest
package import Journal

/// The runs surface: tracked runs of agents and batch jobs. Contract §1.
package struct RunsRoutes: Sendable {
    static let tag = "Runs"
    /// The fields whose values can be listed.
    static let namedFields = ["agent_name", "job_type"]

    let journal: Journal
    let board: RunsProjection.Board
    let reader: StoreReader
    let encoder: RunsEncoder
    let metadata: MetadataCache
    let sharedCounts = SharedAnswer()
    let duplicateStatus: Status
    let limiter: RateLimiter?
    let bodies: RunBodyReader
    let pageBytes: Int
    let traceContexts: TraceContextCounters

    /// Makes the endpoints.
    ///
    /// `duplicateStatus` is the status of a POST with an event id that is already stored: 201 as in the reference, or
    /// 200 (D01). `requestsPerMinute` bounds the requests of one client; nil for no bound. `mostRuns` is the size of
    /// a batch, `pageBytes` that of a page of a list.
    package init(
        journal: Journal,
        board: RunsProjection.Board,
        reader: StoreReader,
        links: RepositoryLinks,
        duplicateStatus: Status = .created,
        requestsPerMinute: Int? = nil,
        mostRuns: Int = 10_000,
        pageBytes: Int = PageLimit.defaultBytes,
        traceContexts: TraceContextCounters
    ) {
        self.journal = journal
        self.board = board
        self.reader = reader
        encoder = RunsEncoder(links: links)
        metadata = MetadataCache()
        self.duplicateStatus = duplicateStatus
        limiter = requestsPerMinute.map { RateLimiter($0) }
        bodies = RunBodyReader(mostRuns: mostRuns)
        self.pageBytes = pageBytes
        self.traceContexts = traceContexts
    }

    /// All endpoints of every listener profile.
    package var all: [Endpoint] {
        [
            create, batch, list, detail, patch, associateCommit, commitURL, repositoryURL, metadataRoute,
            metadataField,
        ]
    }

    /// The endpoint that the listener profile `runs` serves instead of Prometheus text.
    package var profile: [Endpoint] { [counts] }

    // MARK: - Making routes

    func write(
        _ method: Method,
        _ path: String,
        _ summary: String,
        _ request: APIType,
        answers: [APIAnswer],
        answer: @escaping @Sendable (Request) async throws(WriteRefusal) -> Response
    ) -> Endpoint {
        Endpoint(
            method,
            path,
            scope: .ingest,
            limiter: limiter,
            envelope: .runs,
            documentation: EndpointDocumentation(
                tag: Self.tag,
                summary: summary,
                request: request,
                answers: answers + RunAnswers.writeRefusals
            ),
            handler: .async { request in
                do throws(WriteRefusal) {
                    return try await answer(request)
                } catch {
                    return error.response
                }
            }
        )
    }

    func read(
        _ path: String,
        _ summary: String,
        _ parameters: [APIParameter] = [],
        answers: [APIAnswer],
        answer: @escaping @Sendable (Request) async -> Response
    ) -> Endpoint {
        Endpoint(
            .get,
            path,
            scope: .read,
            limiter: limiter,
            envelope: .runs,
            documentation: EndpointDocumentation(
                tag: Self.tag,
                summary: summary,
                parameters: parameters,
                answers: answers + RunAnswers.readRefusals
            ),
            handler: .async(answer)
        )
    }

    static func eventID(_ request: Request) -> String { request.parameters["event_id"] ?? "" }

    static func notFound(_ eventID: String) -> Response {
        ErrorEnvelope.detail.response(.notFound, "Run not found: \(eventID)")
    }
}
