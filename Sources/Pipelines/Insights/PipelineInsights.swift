internal import Core
internal import Ingest
internal import Postgres

/// Insights of pipelines, from their own tables. Contract pipelogiq §2.3, §2.4.
struct PipelineInsights: InsightSource {
    let name = "pipelines"

    private static let groups = Statement("insight groups", file: PackageResources.insight_groups_sql)
    private static let series = Statement("insight series", file: PackageResources.insight_series_sql)

    func stageGroups(since: Timestamp, now: Timestamp, on connection: Connection) throws -> [StageGroup] {
        try connection.execute(Self.groups, [.timestamp(since), .timestamp(now)]).map { row in
            let percentiles = try row.int64Array("percentiles").map { $0 ?? 0 }
            return StageGroup(
                pipeline: try row.text("pipeline"),
                stage: try row.text("stage"),
                count: try row.int64("n"),
                failed: try row.int64("failed"),
                retries: try row.int64("retries"),
                sumMs: try row.double("sum_ms"),
                p50: percentiles[0],
                p95: percentiles[1],
                p99: percentiles[2]
            )
        }
    }

    func totals(since: Timestamp, on connection: Connection) throws -> PipelineTotals {
        let row = try connection.execute(
            Statement(
                "insight totals",
                """
                SELECT count(*) AS total, count(*) FILTER (WHERE lower(status) = 'failed') AS failed
                FROM pipeline WHERE created_at >= $1
                """
            ),
            [.timestamp(since)]
        )[0]
        return PipelineTotals(total: try row.int64("total"), failed: try row.int64("failed"))
    }

    func series(_ buckets: InsightBuckets, on connection: Connection) throws -> [InsightBucket] {
        var list = [InsightBucket](repeating: InsightBucket(), count: buckets.count)
        let rows = try connection.execute(
            Self.series,
            [.timestamp(buckets.start), .timestamp(buckets.end), .int64(buckets.step)]
        )
        for row in rows {
            let place = try row.int("bucket")
            guard list.indices.contains(place) else { continue }
            list[place].pipelinesCreated += try row.int64("created")
            list[place].pipelinesCompleted += try row.int64("completed")
            list[place].pipelinesFailed += try row.int64("failed")
            list[place].stagesCompleted += try row.int64("stages_completed")
            list[place].stagesFailed += try row.int64("stages_failed")
            list[place].p50 += try row.optionalInt64("p50") ?? 0
            list[place].p95 += try row.optionalInt64("p95") ?? 0
        }
        return list
    }

    func traces(_ query: TraceQuery, now: Timestamp, on connection: Connection) throws -> [TraceRow] {
        var conditions = Self.conditions(query)
        let time = conditions.place(.timestamp(now))
        let limit = conditions.place(.int(query.limit))
        let rows = try connection.execute(
            Statement(sql: Self.traces(conditions.text, now: time, limit: limit)),
            conditions.parameters
        )
        return try rows.map { row in
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
    }

    /// Where a pipeline that is over has no end, its last stage's counts.
    private static func traces(_ conditions: String, now: String, limit: String) -> String {
        """
        SELECT p.id, p.name, coalesce(p.trace_id, '') AS trace_id, lower(coalesce(p.status, '')) AS status,
               p.created_at, s.n AS spans,
               greatest(0, trunc(extract(epoch FROM coalesce(
                   p.finished_at,
                   CASE WHEN lower(p.status) IN ('completed', 'failed') THEN s.last_end END,
                   \(now)::timestamptz
               ) - p.created_at) * 1000))::bigint AS duration_ms
        FROM (
            SELECT * FROM pipeline p WHERE \(conditions)
            ORDER BY p.created_at DESC, p.id DESC LIMIT \(limit)::bigint
        ) p
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

    private static func conditions(_ query: TraceQuery) -> SQLConditions {
        var conditions = SQLConditions()
        conditions.require("p.application_id", equals: query.application.map(Parameter.int64))
        if let search = query.search {
            let pattern = conditions.place(.text(LikePattern.containing(search)))
            var parts = ["p.name ILIKE \(pattern)", "p.trace_id ILIKE \(pattern)"]
            if let id = LikePattern.number(search) { parts.append("p.id = \(conditions.place(.int64(id)))") }
            conditions.require(parts.joined(separator: " OR "))
        }
        switch query.status {
        case .success: conditions.require("lower(p.status) = 'completed'")
        case .error: conditions.require("lower(p.status) = 'failed'")
        case .running: conditions.require("lower(p.status) NOT IN ('completed', 'failed')")
        case nil: break
        }
        if let since = query.since {
            conditions.require("p.created_at >= \(conditions.place(.timestamp(since)))::timestamptz")
        }
        if let before = query.before {
            let time = conditions.place(.timestamp(before.at))
            let id = conditions.place(.int64(before.id))
            conditions.require("(p.created_at, p.id) < (\(time)::timestamptz, \(id)::bigint)")
        }
        return conditions
    }
}
