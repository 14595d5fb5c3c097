import Core
import OpenTelemetry
import Pipelines
import Postgres
import Runs

/// Insights of tracked runs: an agent is a pipeline, its job type a stage, a run both an execution and its only sample.
struct TrackedRunInsights: InsightSource {
    let name = "runs"

    private static let failures = ["failure", "timeout"]
    private static let milliseconds = """
        greatest(0, coalesce(duration_ms, trunc(extract(epoch FROM coalesce(ended_at, $2::timestamptz) - created_order) * 1000)))::bigint
        """

    private static let groups = """
        SELECT agent_name AS pipeline, job_type AS stage, count(*) AS n,
               count(*) FILTER (WHERE status IN ('failure', 'timeout')) AS failed, 0::bigint AS retries,
               sum(ms) AS sum_ms, percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY ms) AS percentiles,
               min(created_order) AS oldest
        FROM (
            SELECT agent_name, job_type, status, created_order, \(milliseconds) AS ms FROM agent_run
            WHERE created_order >= $1 ORDER BY created_order DESC LIMIT $3::bigint
        ) s
        GROUP BY 1, 2
        """

    func stageGroups(since: Timestamp, now: Timestamp, _ limits: InsightLimits, on connection: Connection)
        throws -> Capped<[StageGroup]>
    {
        let parameters: [Parameter] = [.timestamp(since), .timestamp(now), .int(limits.samples)]
        return try StageGroup.read(
            connection.execute(Statement("insights of runs", Self.groups), parameters),
            limit: limits.samples
        )
    }

    private static let totals = """
        WITH made AS (
            SELECT count(*) AS total, min(created_order) AS oldest FROM (
                SELECT created_order FROM agent_run WHERE created_order >= $1::timestamptz
                ORDER BY created_order DESC LIMIT $2::bigint
            ) s
        )
        SELECT made.total, made.oldest, (
            SELECT count(*) FROM (
                SELECT FROM agent_run WHERE status = ANY (ARRAY['failure', 'timeout']) AND status <> 'success'
                    AND created_order >= CASE WHEN made.total < $2::bigint THEN $1::timestamptz ELSE made.oldest END
                LIMIT $2::bigint
            ) f
        ) AS failed
        FROM made
        """

    func totals(since: Timestamp, _ limits: InsightLimits, on connection: Connection) throws -> Capped<
        PipelineTotals
    > {
        let rows = try connection.execute(
            Statement("totals of runs", Self.totals),
            [.timestamp(since), .int(limits.counted)]
        )
        return try PipelineTotals.read(rows[0], limit: limits.counted)
    }

    private static let bin = "date_bin($3::bigint * interval '1 second', at, $1::timestamptz)"
    private static let counts = """
        SELECT 'created' AS what, \(bin) AS start, count(*) AS n, 0::bigint AS completed, 0::bigint AS failed,
               min(at) AS oldest
        FROM (
            SELECT created_order AS at FROM agent_run
            WHERE created_order >= $1::timestamptz AND created_order < $2::timestamptz
            ORDER BY created_order DESC LIMIT $4::bigint
        ) s
        GROUP BY 2
        UNION ALL
        SELECT 'runs', \(bin), count(*), count(*) FILTER (WHERE status NOT IN ('failure', 'timeout')),
               count(*) FILTER (WHERE status IN ('failure', 'timeout')), min(at)
        FROM (
            SELECT ended_at AS at, status FROM agent_run
            WHERE ended_at IS NOT NULL AND ended_at >= $1::timestamptz AND ended_at < $2::timestamptz
            ORDER BY ended_at DESC LIMIT $4::bigint
        ) s
        GROUP BY 2
        """
    private static let durations = """
        SELECT b AS bucket, count(*) AS n, percentile_disc(0.5) WITHIN GROUP (ORDER BY s.ms) AS p50,
               percentile_disc(0.95) WITHIN GROUP (ORDER BY s.ms) AS p95
        FROM generate_series(0, $3::bigint - 1) b
        CROSS JOIN LATERAL (
            SELECT greatest(0, coalesce(
                duration_ms, trunc(extract(epoch FROM ended_at - created_order) * 1000)
            ))::bigint AS ms
            FROM agent_run
            WHERE ended_at IS NOT NULL
                AND ended_at >= $1::timestamptz + b * $2::bigint * interval '1 second'
                AND ended_at < $1::timestamptz + (b + 1) * $2::bigint * interval '1 second'
            ORDER BY ended_at DESC LIMIT $4::bigint
        ) s
        GROUP BY b
        """

    func series(_ buckets: InsightBuckets, _ limits: InsightLimits, on connection: Connection) throws
        -> InsightSeries
    {
        // Ended runs are counted by their rows.
        try InsightSeries.read(
            buckets,
            counts: Statement("series of runs", Self.counts),
            durations: Statement("durations of runs", Self.durations),
            counted: limits.samples,
            samples: limits.samples,
            on: connection
        )
    }

    func traces(_ query: TraceQuery, now: Timestamp, _ limits: InsightLimits, on connection: Connection)
        throws
        -> Capped<[TraceRow]>
    {
        guard query.application == nil else { return Capped([]) }
        var search = TraceSearch(query, limits, in: Self.place)
        switch query.status {
        case .success: search.filter("status IN ('success', 'partial', 'cancelled')")
        case .error:
            search.require("status <> 'success'")
            search.require("status", among: Self.failures)
        case .running:
            search.require("status <> 'success'")
            search.require("status", among: ["running"])
        case nil: break
        }
        if let text = query.search {
            let word = search.value(.text(text))
            search.search(
                TraceSearch.contained(word, in: ["agent_name", "run_id", "event_id"]),
                hits: ["(index_prefix(run_id) = index_prefix(\(word)::text) AND run_id = \(word)::text)"]
            )
        }
        let source = search.sql()
        let time = search.value(.timestamp(now))
        let sql = """
            SELECT r.event_id, r.agent_name, r.status, r.created_order, t.traceparent,
                   greatest(0, coalesce(r.duration_ms, trunc(extract(epoch FROM
                       coalesce(r.ended_at, \(time)::timestamptz) - r.created_order) * 1000)))::bigint AS ms
            FROM (\(source)) r
            LEFT JOIN agent_run_trace t USING (event_key)
            ORDER BY r.created_order DESC, r.id
            """
        let rows = try connection.execute(Statement(sql: sql), search.parameters).map { row in
            let status = try row.text("status")
            let eventID = try row.text("event_id")
            return TraceRow(
                traceID: TrackedRunTrace.trace(
                    of: eventID,
                    traceparent: try row.optionalText("traceparent")
                ).description,
                executionID: 0,
                runID: eventID,
                name: try row.text("agent_name"),
                status: status == "running" ? .running : Self.failures.contains(status) ? .error : .success,
                durationMs: try row.int64("ms"),
                spans: 1,
                at: try row.timestamp("created_order")
            )
        }
        return Capped(rows, since: try search.since(rows.count, on: connection))
    }

    private static let place = TraceSearch.Place(
        table: "agent_run",
        time: "created_order",
        key: "id",
        order: "created_order DESC, id"
    )
}
