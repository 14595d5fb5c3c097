internal import API
internal import Configuration
internal import Core
internal import HTTP
internal import Ingest
internal import Postgres

/// `/observability/insights`, `…/insights/series` and `…/traces`, each also below `/api`. Contract pipelogiq §2.
struct InsightRoutes: Sendable {
    let reader: StoreReader
    let sources: [any InsightSource]
    let templates: (any LinkTemplateSource)?
    let limits: InsightLimits

    var all: [Endpoint] { PipelinesSurface.doubled([insights, series, traces]) }

    private static let listed = 10
    private static let mostTraces = 500

    // MARK: - Parameters

    private static let range = APIParameter.text("range", "How far back: 15m, 1h, 6h, 24h or 1d, 7d.")
    private static let timeRange = APIParameter.text("timeRange", "The same; `range` goes before it.")
    private static let source = APIParameter.text(
        "source",
        "Whose executions: pipelines, nextflow, runs; without it, or with another word, all of them."
    )

    private static func range(_ request: Request) -> InsightRange? {
        let names = ["range", "timeRange"]
        let word = names.compactMap { request.query.first($0) }.first { !$0.trimmed.isEmpty }
        return InsightRange(reading: word)
    }

    private func chosen(_ request: Request) -> [any InsightSource] {
        let word = request.query.first("source")?.trimmed ?? "all"
        return sources.contains { $0.name == word } ? sources.filter { $0.name == word } : sources
    }

    private func endpoint(
        _ path: String,
        _ summary: String,
        _ parameters: [APIParameter],
        _ answer: APIType,
        headers: [APIAnswer.Header] = [],
        _ body: @escaping @Sendable (Request, Connection) throws -> Response
    ) -> Endpoint {
        Endpoint(
            .get,
            path,
            scope: .read,
            envelope: .observability,
            documentation: EndpointDocumentation(
                tag: "Observability",
                summary: summary,
                parameters: parameters,
                answers: [
                    APIAnswer(200, "The answer.", answer, headers: headers),
                    APIAnswer(500, "A bug in Weir; its log has the reason.", .named(.observabilityError)),
                    APIAnswer(
                        503,
                        "PostgreSQL is away or busy. Retry.",
                        .named(.observabilityError),
                        headers: [.retryAfter]
                    ),
                ]
            ),
            handler: .async { request in
                await reader.answer(.observability) { connection in
                    try ReadSnapshot.read(connection) { _ in try body(request, connection) }
                }
            }
        )
    }

    // MARK: - Insights

    private var insights: Endpoint {
        endpoint(
            "/observability/insights",
            "The slowest stages, those that fail most, and the throughput of the last hour or another range.",
            [Self.range, Self.timeRange, Self.source],
            .named(InsightSchemas.insights)
        ) { request, connection in
            let range = Self.range(request) ?? .hour
            let now = request.receivedAt
            let since = now - .seconds(range.minutes * 60)
            var groups: [Insights.Group] = []
            var totals: [(totals: PipelineTotals, minutes: Double)] = []
            var capped: [(source: String, of: String, since: Timestamp)] = []
            for source in chosen(request) {
                let own = try source.stageGroups(since: since, now: now, limits, on: connection)
                groups += own.value.map { ($0, source.name) }
                if let since = own.since { capped.append((source.name, "stages", since)) }
                let part = try source.totals(since: since, limits, on: connection)
                totals.append(
                    (
                        part.value,
                        part.since.map { max((now - $0) / .seconds(60), 1.0 / 60) } ?? Double(range.minutes)
                    )
                )
                if let since = part.since { capped.append((source.name, "pipelines", since)) }
            }
            var insights = Insights(groups, totals, listed: Self.listed)
            insights.capped = capped
            return PlainAnswer.object { insights.write(to: &$0) }
        }
    }

    private var series: Endpoint {
        endpoint(
            "/observability/insights/series",
            "What was made, done and failed, and how long stages took, over time.",
            [Self.range, Self.timeRange, Self.source],
            .named(InsightSchemas.series)
        ) { request, connection in
            let buckets = (Self.range(request) ?? .hour).buckets(at: request.receivedAt)
            var sums = InsightSeries(buckets)
            for source in chosen(request) { sums.add(try source.series(buckets, limits, on: connection)) }
            return PlainAnswer.object { body in
                body.member("bucketSeconds", buckets.step)
                if let since = sums.since { body.member("cappedSince", PipelineEncoder.wholeSeconds(since)) }
                body.array("series") { list in
                    for (place, bucket) in sums.list.enumerated() {
                        let start = buckets.start.adding(seconds: place * Int(buckets.step))
                        list.object { Self.write(bucket, start, to: &$0) }
                    }
                }
            }
        }
    }

    private static func write(_ bucket: InsightBucket, _ start: Timestamp, to element: inout JSONWriter) {
        element.member("start", PipelineEncoder.wholeSeconds(start))
        element.member("pipelinesCreated", bucket.pipelinesCreated)
        element.member("pipelinesCompleted", bucket.pipelinesCompleted)
        element.member("pipelinesFailed", bucket.pipelinesFailed)
        element.member("stagesCompleted", bucket.stagesCompleted)
        element.member("stagesFailed", bucket.stagesFailed)
        element.member("p50Ms", bucket.p50)
        element.member("p95Ms", bucket.p95)
        if bucket.isSampled { element.member("sampled", true) }
    }

    // MARK: - Traces

    private static let search = APIParameter.text(
        "search",
        "Part of the name or of the trace id, or the number of the execution."
    )
    private static let status = APIParameter.text(
        "status",
        "success, error or running; anything else is all."
    )
    private static let limit = APIParameter.text("limit", "How many, up to 500; 50 without it.")
    private static let before = APIParameter.text(
        "before",
        "Only older ones than the row with this `timestamp` and `executionId`, joined by a comma."
    )
    private static let application = APIParameter.text("applicationId", "Only this application's.")

    private static let searchedSince = APIAnswer.Header(
        "Weir-Searched-Since",
        .moment,
        "Where not all executions were looked at: since when all were. Absent where all were."
    )

    private var traces: Endpoint {
        endpoint(
            "/observability/traces",
            "The newest executions as traces.",
            [
                Self.search, Self.status, Self.range, Self.timeRange, Self.source, Self.limit, Self.before,
                Self.application,
            ],
            .list(.named(InsightSchemas.trace)),
            headers: [Self.searchedSince]
        ) { request, connection in
            let query = Self.query(request)
            var rows: [TraceRow] = []
            var since: Timestamp?
            for source in chosen(request) {
                let part = try source.traces(query, now: request.receivedAt, limits, on: connection)
                rows += part.value
                if let time = part.since { since = max(since ?? time, time) }
            }
            rows.sort { ($0.at, $0.executionID) > ($1.at, $1.executionID) }
            let links = try templates?.templates(on: connection) ?? LinkTemplates()
            var writer = JSONWriter()
            writer.array { list in
                for row in rows.prefix(query.limit) { list.object { Self.write(row, links, to: &$0) } }
            }
            var response = Response.json(writer.bytes + [UInt8(ascii: "\n")])
            // The body is a list: there is no room in it.
            if let since { response.fields.append("Weir-Searched-Since", since.iso8601()) }
            return response
        }
    }

    private static func query(_ request: Request) -> TraceQuery {
        func text(_ name: String) -> String? {
            guard let text = request.query.first(name)?.trimmed, !text.isEmpty, !text.utf8.contains(0) else {
                return nil
            }
            return text
        }
        var query = TraceQuery()
        query.search = text("search")
        query.status = text("status").flatMap { TraceQuery.Status(rawValue: $0.lowercased()) }
        query.since = range(request).map { request.receivedAt - .seconds($0.minutes * 60) }
        query.application = text("applicationId").flatMap { Int64($0) }
        query.limit = text("limit").flatMap { Int($0) }.map { min(max($0, 1), mostTraces) } ?? 50
        if let parts = text("before")?.split(separator: ","),
            let time = parts.first.flatMap({ Timestamp(iso8601: $0) })
        {
            query.before = (time, parts.count > 1 ? Int64(parts[1]) ?? .max : .max)
        }
        return query
    }

    private static func write(_ row: TraceRow, _ links: LinkTemplates, to element: inout JSONWriter) {
        element.member("traceId", row.traceID)
        element.member("executionId", row.executionID)
        element.member("pipelineName", row.name)
        element.member("status", row.status.rawValue)
        element.member("durationMs", row.durationMs)
        element.member("spansCount", row.spans)
        element.member("timestamp", PipelineEncoder.wholeSeconds(row.at))
        // The cursor needs all of the time.
        element.member("cursor", "\(row.at.iso8601()),\(row.executionID)")
        if let run = row.runID { element.member("runId", run) }
        let values: [LinkTemplate.Placeholder: String] = [
            .traceID: row.traceID, .executionID: row.runID ?? "\(row.executionID)", .pipelineName: row.name,
            .timestampMs: "\(row.at.microseconds / 1000)",
        ]
        if let template = links.trace, !row.traceID.isEmpty {
            element.member("traceUrl", template.link(values))
        }
        if let template = links.logs { element.member("logsUrl", template.link(values)) }
    }
}
