import Core
import Ingest
import OpenTelemetry
import Pipelines
import Postgres
import Runs

/// Insights of tracked runs: an agent is a pipeline, its job type a stage, a run both an execution and its only sample.
struct TrackedRunInsights: InsightSource {
    let name = "runs"

    private static let failed = "status IN ('failure', 'timeout')"
    private static let milliseconds = """
        greatest(0, coalesce(duration_ms, trunc(extract(epoch FROM coalesce(ended_at, $2::timestamptz) - created_order) * 1000)))::bigint
        """

    func stageGroups(since: Timestamp, now: Timestamp, on connection: Connection) throws -> [StageGroup] {
        let sql = """
            SELECT agent_name, job_type, count(*) AS n, count(*) FILTER (WHERE \(Self.failed)) AS failed,
                   sum(ms) AS sum_ms, percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY ms) AS percentiles
            FROM (SELECT *, \(Self.milliseconds) AS ms FROM agent_run WHERE created_order >= $1) s
            GROUP BY 1, 2
            """
        let parameters: [Parameter] = [.timestamp(since), .timestamp(now)]
        return try connection.execute(Statement("insights of runs", sql), parameters).map { row in
            let percentiles = try row.int64Array("percentiles").map { $0 ?? 0 }
            return StageGroup(
                pipeline: try row.text("agent_name"),
                stage: try row.text("job_type"),
                count: try row.int64("n"),
                failed: try row.int64("failed"),
                retries: 0,
                sumMs: try row.double("sum_ms"),
                p50: percentiles[0],
                p95: percentiles[1],
                p99: percentiles[2]
            )
        }
    }

    func totals(since: Timestamp, on connection: Connection) throws -> PipelineTotals {
        let sql = """
            SELECT count(*) AS total, count(*) FILTER (WHERE \(Self.failed)) AS failed
            FROM agent_run WHERE created_order >= $1
            """
        let row = try connection.execute(Statement("totals of runs", sql), [.timestamp(since)])[0]
        return PipelineTotals(total: try row.int64("total"), failed: try row.int64("failed"))
    }

    func series(_ buckets: InsightBuckets, on connection: Connection) throws -> [InsightBucket] {
        let sql = """
            SELECT floor(extract(epoch FROM created_order - $1::timestamptz) / $3::bigint)::int AS bucket,
                   count(*) AS created, 0::bigint AS completed, 0::bigint AS failed, NULL::bigint[] AS percentiles
            FROM agent_run WHERE created_order >= $1 AND created_order < $2 GROUP BY 1
            UNION ALL
            SELECT floor(extract(epoch FROM ended_at - $1::timestamptz) / $3::bigint)::int, 0,
                   count(*) FILTER (WHERE NOT \(Self.failed)), count(*) FILTER (WHERE \(Self.failed)),
                   percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY \(Self.milliseconds))
            FROM agent_run WHERE ended_at IS NOT NULL AND ended_at >= $1 AND ended_at < $2 GROUP BY 1
            """
        var list = [InsightBucket](repeating: InsightBucket(), count: buckets.count)
        let bounds: [Parameter] = [.timestamp(buckets.start), .timestamp(buckets.end), .int64(buckets.step)]
        for row in try connection.execute(Statement("series of runs", sql), bounds) {
            let place = try row.int("bucket")
            guard list.indices.contains(place) else { continue }
            list[place].pipelinesCreated += try row.int64("created")
            let (completed, failed) = (try row.int64("completed"), try row.int64("failed"))
            list[place].pipelinesCompleted += completed
            list[place].pipelinesFailed += failed
            guard try !row.isNull("percentiles") else { continue }
            let percentiles = try row.int64Array("percentiles").map { $0 ?? 0 }
            list[place].stagesCompleted += completed
            list[place].stagesFailed += failed
            (list[place].p50, list[place].p95) = (percentiles[0], percentiles[1])
        }
        return list
    }

    func traces(_ query: TraceQuery, now: Timestamp, on connection: Connection) throws -> [TraceRow] {
        guard query.application == nil else { return [] }
        var conditions = SQLConditions()
        let time = conditions.place(.timestamp(now))
        if let search = query.search {
            let word = conditions.place(.text(search))
            let names = ["agent_name", "run_id", "event_id"]
            conditions.require(
                names.map { "strpos(lower(\($0)), lower(\(word)::text)) > 0" }.joined(separator: " OR ")
            )
        }
        switch query.status {
        case .success: conditions.require("status IN ('success', 'partial', 'cancelled')")
        case .error: conditions.require(Self.failed)
        case .running: conditions.require("status = 'running'")
        case nil: break
        }
        if let since = query.since {
            conditions.require("created_order >= \(conditions.place(.timestamp(since)))")
        }
        if let before = query.before {
            conditions.require("created_order < \(conditions.place(.timestamp(before.at)))")
        }
        let limit = conditions.place(.int(query.limit))
        let sql = """
            SELECT r.event_id, r.agent_name, r.status, r.created_order, t.traceparent,
                   greatest(0, coalesce(r.duration_ms, trunc(extract(epoch FROM
                       coalesce(r.ended_at, \(time)::timestamptz) - r.created_order) * 1000)))::bigint AS ms
            FROM (SELECT * FROM agent_run WHERE \(conditions.text) ORDER BY created_order DESC, id
                  LIMIT \(limit)::bigint) r
            LEFT JOIN agent_run_trace t USING (event_key)
            ORDER BY r.created_order DESC, r.id
            """
        return try connection.execute(Statement(sql: sql), conditions.parameters).map { row in
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
                status: status == "running"
                    ? .running : ["failure", "timeout"].contains(status) ? .error : .success,
                durationMs: try row.int64("ms"),
                spans: 1,
                at: try row.timestamp("created_order")
            )
        }
    }
}
