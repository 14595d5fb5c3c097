import Core
import Ingest
import Nextflow
import OpenTelemetry
import Pipelines
import Postgres

/// Insights of Nextflow: a project is a pipeline, a process a stage, a completed attempt of a task its sample, and a run
/// an execution. Nextflow tells of a task when it ends: running ones do not count.
struct NextflowInsights: InsightSource {
    let name = "nextflow"

    /// A window with more completions is answered from so many of its newest: an index gives them at once, however many
    /// there are.
    static let mostCompletions = 200_000

    private static let sample = """
        SELECT run_key, process, attempt, status, utc_time, greatest(0, trunc(coalesce(realtime_ms, 0)))::bigint AS ms
        FROM completion WHERE utc_time >= $1 AND utc_time < $2 AND has_process
        ORDER BY utc_time DESC LIMIT \(mostCompletions)
        """

    func stageGroups(since: Timestamp, now: Timestamp, on connection: Connection) throws -> [StageGroup] {
        let sql = """
            WITH sample AS MATERIALIZED (\(Self.sample))
            SELECT coalesce(r.project_name, r.run_name, '') AS pipeline, s.process AS stage, count(*) AS n,
                   count(*) FILTER (WHERE s.status = 'FAILED') AS failed,
                   sum(greatest(s.attempt - 1, 0)) AS retries, sum(s.ms) AS sum_ms,
                   percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY s.ms) AS percentiles
            FROM sample s LEFT JOIN run r ON r.run_key = s.run_key
            GROUP BY 1, 2
            """
        // What ends in this very moment belongs to it.
        let parameters: [Parameter] = [.timestamp(since), .timestamp(now + .seconds(3600))]
        return try connection.execute(Statement("insights of nextflow", sql), parameters).map { row in
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
        let sql = """
            SELECT count(*) AS total, count(*) FILTER (WHERE outcome IN ('failed', 'aborted')) AS failed
            FROM run WHERE first_utc >= $1
            """
        let row = try connection.execute(Statement("totals of nextflow", sql), [.timestamp(since)])[0]
        return PipelineTotals(total: try row.int64("total"), failed: try row.int64("failed"))
    }

    func series(_ buckets: InsightBuckets, on connection: Connection) throws -> [InsightBucket] {
        var list = [InsightBucket](repeating: InsightBucket(), count: buckets.count)
        let bounds: [Parameter] = [.timestamp(buckets.start), .timestamp(buckets.end), .int64(buckets.step)]
        let tasks = """
            SELECT floor(extract(epoch FROM utc_time - $1::timestamptz) / $3::bigint)::int AS bucket,
                   count(*) FILTER (WHERE status IN ('COMPLETED', 'CACHED')) AS completed,
                   count(*) FILTER (WHERE status = 'FAILED') AS failed,
                   percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY ms) AS percentiles
            FROM (\(Self.sample)) s GROUP BY 1
            """
        for row in try connection.execute(Statement("task series of nextflow", tasks), bounds) {
            let place = try row.int("bucket")
            guard list.indices.contains(place) else { continue }
            let percentiles = try row.int64Array("percentiles").map { $0 ?? 0 }
            list[place].stagesCompleted = try row.int64("completed")
            list[place].stagesFailed = try row.int64("failed")
            (list[place].p50, list[place].p95) = (percentiles[0], percentiles[1])
        }
        for row in try connection.execute(Statement("run series of nextflow", Self.runs), bounds) {
            let place = try row.int("bucket")
            guard list.indices.contains(place) else { continue }
            list[place].pipelinesCreated += try row.int64("created")
            list[place].pipelinesCompleted += try row.int64("completed")
            list[place].pipelinesFailed += try row.int64("failed")
        }
        return list
    }

    /// A run ends after it began: within a week, or its end is not counted.
    private static let runs = """
        SELECT floor(extract(epoch FROM first_utc - $1::timestamptz) / $3::bigint)::int AS bucket,
               count(*) AS created, 0::bigint AS completed, 0::bigint AS failed
        FROM run WHERE first_utc >= $1 AND first_utc < $2 GROUP BY 1
        UNION ALL
        SELECT floor(extract(epoch FROM completed_utc - $1::timestamptz) / $3::bigint)::int, 0,
               count(*) FILTER (WHERE outcome = 'succeeded'), count(*) FILTER (WHERE outcome IN ('failed', 'aborted'))
        FROM run WHERE first_utc >= $1::timestamptz - interval '7 days' AND first_utc < $2
          AND completed_utc >= $1 AND completed_utc < $2 AND outcome IS NOT NULL GROUP BY 1
        """

    func traces(_ query: TraceQuery, now: Timestamp, on connection: Connection) throws -> [TraceRow] {
        guard query.application == nil else { return [] }
        var conditions = SQLConditions()
        if let search = query.search {
            let word = conditions.place(.text(search))
            let names = ["run_name", "project_name", "run_id"]
            conditions.require(
                names.map { "strpos(lower(\($0)), lower(\(word)::text)) > 0" }.joined(separator: " OR ")
            )
        }
        switch query.status {
        case .success: conditions.require("outcome = 'succeeded'")
        case .error: conditions.require("outcome IN ('failed', 'aborted')")
        case .running: conditions.require("outcome IS NULL")
        case nil: break
        }
        if let since = query.since {
            conditions.require("first_utc >= \(conditions.place(.timestamp(since)))")
        }
        if let before = query.before {
            conditions.require("first_utc < \(conditions.place(.timestamp(before.at)))")
        }
        let limit = conditions.place(.int(query.limit))
        let sql = """
            SELECT r.run_id, r.run_name, coalesce(r.project_name, r.run_name) AS name, r.outcome, r.first_utc, r.last_utc,
                   r.completed_utc, t.n
            FROM (SELECT * FROM run WHERE \(conditions.text) ORDER BY first_utc DESC LIMIT \(limit)::bigint) r
            CROSS JOIN LATERAL (SELECT count(*) AS n FROM (
                SELECT FROM task WHERE run_key = r.run_key LIMIT 100000) x) t
            ORDER BY r.first_utc DESC
            """
        return try connection.execute(Statement(sql: sql), conditions.parameters).map { row in
            let start = try row.timestamp("first_utc")
            let outcome = try row.optionalText("outcome")
            let end =
                outcome == nil ? now : try row.optionalTimestamp("completed_utc") ?? row.timestamp("last_utc")
            let runID = try row.text("run_id")
            return TraceRow(
                traceID: NextflowTraceIDs(runID: runID, runName: try row.text("run_name")).trace.description,
                executionID: 0,
                runID: runID,
                name: try row.text("name"),
                status: outcome == nil ? .running : outcome == "succeeded" ? .success : .error,
                durationMs: max(0, (end.microseconds - start.microseconds) / 1000),
                spans: try row.int64("n"),
                at: start
            )
        }
    }
}
