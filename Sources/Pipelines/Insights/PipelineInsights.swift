internal import Core
internal import Ingest
internal import Postgres

/// Insights of pipelines, from their own tables. Contract pipelogiq §2.3, §2.4.
struct PipelineInsights: InsightSource {
    let name = "pipelines"

    private static let groups = Statement("insight groups", file: PackageResources.insight_groups_sql)
    private static let totals = Statement("insight totals", file: PackageResources.insight_totals_sql)
    private static let series = Statement("insight series", file: PackageResources.insight_series_sql)
    private static let durations = Statement(
        "insight durations",
        file: PackageResources.insight_durations_sql
    )

    func stageGroups(since: Timestamp, now: Timestamp, _ limits: InsightLimits, on connection: Connection)
        throws -> Capped<[StageGroup]>
    {
        let parameters: [Parameter] = [.timestamp(since), .timestamp(now), .int(limits.samples)]
        return try StageGroup.read(connection.execute(Self.groups, parameters), limit: limits.samples)
    }

    func totals(since: Timestamp, _ limits: InsightLimits, on connection: Connection) throws -> Capped<
        PipelineTotals
    > {
        let rows = try connection.execute(Self.totals, [.timestamp(since), .int(limits.counted)])
        return try PipelineTotals.read(rows[0], limit: limits.counted)
    }

    func series(_ buckets: InsightBuckets, _ limits: InsightLimits, on connection: Connection) throws
        -> InsightSeries
    {
        try InsightSeries.read(
            buckets,
            counts: Self.series,
            durations: Self.durations,
            counted: limits.counted,
            samples: limits.samples,
            on: connection
        )
    }

    func traces(_ query: TraceQuery, now: Timestamp, _ limits: InsightLimits, on connection: Connection)
        throws
        -> Capped<[TraceRow]>
    {
        var search = TraceSearch(query, limits, in: Self.place, hasNumber: true)
        if let application = query.application {
            search.require("application_id = \(search.value(.int64(application)))")
        }
        switch query.status {
        case .success: search.filter("lower(status) = 'completed'")
        case .error: search.require("lower(status) = 'failed'")
        case .running: search.require("lower(status) NOT IN ('completed', 'failed')")
        case nil: break
        }
        if let word = query.search { Self.look(for: word, &search) }
        let sql = Self.traces(search.sql(), now: search.value(.timestamp(now)))
        let rows = try connection.execute(Statement(sql: sql), search.parameters).map { row in
            TraceRow(
                traceID: try row.text("trace_id"),
                executionID: try row.int64("id"),
                runID: nil,
                name: try row.text("name"),
                status: Self.status(try row.text("status")),
                durationMs: try row.int64("duration_ms"),
                spans: try row.int64("spans"),
                at: try row.timestamp("created_at")
            )
        }
        return Capped(rows, since: try search.since(rows.count, on: connection))
    }

    /// Part of the name or of the trace id; a whole trace id and a number are found however old they are.
    static func look(for word: String, _ search: inout TraceSearch) {
        let pattern = search.value(.text(LikePattern.containing(word)))
        var hits = ["trace_id = \(search.value(.text(word)))"]
        if let id = LikePattern.number(word) { hits.append("id = \(search.value(.int64(id)))") }
        search.search("name ILIKE \(pattern) OR trace_id ILIKE \(pattern)", hits: hits)
    }

    static let place = TraceSearch.Place(
        table: "pipeline",
        time: "created_at",
        key: "id",
        order: "created_at DESC, id DESC"
    )

    /// Where a pipeline that is over has no end, its last stage's counts.
    private static func traces(_ source: String, now: String) -> String {
        """
        SELECT p.id, p.name, coalesce(p.trace_id, '') AS trace_id, lower(coalesce(p.status, '')) AS status,
               p.created_at, s.n AS spans,
               greatest(0, trunc(extract(epoch FROM coalesce(
                   p.finished_at,
                   CASE WHEN lower(p.status) IN ('completed', 'failed') THEN s.last_end END,
                   \(now)::timestamptz
               ) - p.created_at) * 1000))::bigint AS duration_ms
        FROM (\(source)) p
        CROSS JOIN LATERAL (
            SELECT count(*) AS n, max(finished_at) AS last_end FROM stage WHERE pipeline_id = p.id
        ) s
        ORDER BY p.created_at DESC, p.id DESC
        """
    }

    private static func status(_ stored: String) -> TraceQuery.Status {
        switch stored {
        case "completed": .success
        case "failed": .error
        default: .running
        }
    }
}
