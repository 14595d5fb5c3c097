internal import API
internal import Core
internal import HTTP
internal import HTTPServer
internal import Ingest
internal import OpenTelemetry
internal import Postgres

/// The endpoint that shows one trace: the spans of runs, and those that others have sent. Contract pipelogiq §2.4.
struct TraceRoutes: Sendable {
    let reader: StoreReader
    let sources: [any TraceSource]
    /// How many spans an answer has at most.
    let most: Int
    /// At how many bytes of received spans an answer ends: one span may have as many as a request.
    let mostBytes: Int

    var all: [Endpoint] {
        [trace("/observability/traces/{trace_id}"), trace("/api/observability/traces/{trace_id}")]
    }

    /// Any other value is none.
    private static let format = APIParameter(
        "format",
        .any,
        "`otlp` answers in OTLP/JSON, which Grafana and Tempo can import."
    )

    private func trace(_ path: String) -> Endpoint {
        Endpoint.reading(
            path,
            tag: "Traces",
            "The spans of a trace as a tree: of runs, and what others have sent to /v1/traces.",
            [Self.format],
            answers: [
                APIAnswer(
                    200,
                    "The spans, each behind its parent.",
                    .named(TraceSchemas.trace),
                    headers: [.lagLines]
                ),
                APIAnswer(400, "The path has no trace id.", .named(.observabilityError)),
                APIAnswer(404, "There are no such spans.", .named(.observabilityError)),
            ],
            envelope: .observability,
            from: reader,
            reading: { _ in },
            answer: { request, _, connection in
                try answer(request, isOTLP: request.query.first("format") == "otlp", connection)
            }
        )
    }

    private func answer(_ request: Request, isOTLP: Bool, _ connection: Connection) throws -> Response {
        guard let trace = TraceID(lenient: request.parameters["trace_id"] ?? "") else {
            return ObservabilityFailure(
                .badRequest,
                .invalidPayload,
                "A trace id has 32 hexadecimal digits, not all zero."
            ).response
        }
        let (batches, isCut) = try batches(of: trace, now: request.receivedAt, connection)
        let count = batches.reduce(0) { $0 + $1.spans.count }
        guard count > 0 else {
            return ObservabilityFailure(.notFound, .notFound, "There are no spans of this trace.").response
        }
        if isOTLP { return .json(TraceRequest.json(batches)) }
        return .json(TraceEncoder.encode(TraceTree(batches), of: trace, isCut: isCut || count >= most))
    }

    /// The spans of runs, then those that were received, up to the limit of an answer; and whether bytes ended them.
    private func batches(of trace: TraceID, now: Timestamp, _ connection: Connection) throws
        -> (batches: [SpanBatch], isCut: Bool)
    {
        var batches: [SpanBatch] = []
        var left = most
        for run in try sources.flatMap({ try $0.find(trace, on: connection) }) {
            var position: String?
            repeat {
                let limit = min(left, 1000)
                let page = try run.page(after: position, limit: limit, now: now, on: connection)
                let spans = Array(page.spans.prefix(left))
                batches.append(SpanBatch(resource: run.resource, scope: .init(name: "weir"), spans: spans))
                left -= spans.count
                position = page.next
            } while position != nil && left > 0
            if left <= 0 { return (batches, true) }
        }
        let received = try SpanStore.spans(of: trace, atMost: left, bytes: mostBytes, on: connection)
        return (batches + received.batches, received.isCut)
    }
}
