import Core
import Nextflow
import OpenTelemetry
import Pipelines
import Postgres

/// Insights of Nextflow: a project is a pipeline, a process a stage, a completed attempt of a task its sample, and a run
/// an execution. Nextflow tells of a task when it ends: running ones do not count.
struct NextflowInsights: InsightSource {
    let name = "nextflow"

    private static let milliseconds = "greatest(0, trunc(coalesce(realtime_ms, 0)))::bigint"

    /// The name of a run is looked up by its key: OFFSET 0 keeps PostgreSQL from reading all runs instead.
    private static let groups = """
        WITH sample AS MATERIALIZED (
            SELECT run_key, process, attempt, status, utc_time, \(milliseconds) AS ms
            FROM completion WHERE utc_time >= $1 AND utc_time < $2 AND has_process
            ORDER BY utc_time DESC LIMIT $3::bigint
        )
        SELECT r.name AS pipeline, s.process AS stage, count(*) AS n, count(*) FILTER (WHERE s.status = 'FAILED') AS failed,
               sum(greatest(s.attempt - 1, 0)) AS retries, sum(s.ms) AS sum_ms,
               percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY s.ms) AS percentiles,
               min(s.utc_time) AS oldest
        FROM sample s
        CROSS JOIN LATERAL (
            SELECT coalesce(
                (SELECT coalesce(project_name, run_name) FROM run WHERE run_key = s.run_key), ''
            ) COLLATE "C" AS name OFFSET 0
        ) r
        GROUP BY 1, 2
        """

    func stageGroups(since: Timestamp, now: Timestamp, _ limits: InsightLimits, on connection: Connection)
        throws -> Capped<[StageGroup]>
    {
        // What ends in this very moment belongs to it.
        let parameters: [Parameter] = [
            .timestamp(since), .timestamp(now + .seconds(3600)), .int(limits.samples),
        ]
        return try StageGroup.read(
            connection.execute(Statement("insights of nextflow", Self.groups), parameters),
            limit: limits.samples
        )
    }

    private static let totals = """
        WITH made AS (
            SELECT count(*) AS total, min(first_utc) AS oldest FROM (
                SELECT first_utc FROM run WHERE first_utc >= $1::timestamptz ORDER BY first_utc DESC LIMIT $2::bigint
            ) s
        )
        SELECT made.total, made.oldest, (
            SELECT count(*) FROM (
                SELECT FROM run WHERE outcome = ANY (ARRAY['failed', 'aborted']) AND outcome IS NOT NULL
                    AND first_utc >= CASE WHEN made.total < $2::bigint THEN $1::timestamptz ELSE made.oldest END
                LIMIT $2::bigint
            ) f
        ) AS failed
        FROM made
        """

    func totals(since: Timestamp, _ limits: InsightLimits, on connection: Connection) throws -> Capped<
        PipelineTotals
    > {
        let rows = try connection.execute(
            Statement("totals of nextflow", Self.totals),
            [.timestamp(since), .int(limits.counted)]
        )
        return try PipelineTotals.read(rows[0], limit: limits.counted)
    }

    private static let bin = "date_bin($3::bigint * interval '1 second', at, $1::timestamptz)"

    /// A run ends after it began: within a week, or its end is not counted.
    private static let runs = """
        SELECT 'created' AS what, \(bin) AS start, count(*) AS n, 0::bigint AS completed, 0::bigint AS failed,
               min(at) AS oldest
        FROM (
            SELECT first_utc AS at FROM run WHERE first_utc >= $1::timestamptz AND first_utc < $2::timestamptz
            ORDER BY first_utc DESC LIMIT $4::bigint
        ) s
        GROUP BY 2
        UNION ALL
        SELECT 'ended', \(bin), count(*), count(*) FILTER (WHERE outcome = 'succeeded'),
               count(*) FILTER (WHERE outcome IN ('failed', 'aborted')), min(first_utc)
        FROM (
            SELECT completed_utc AS at, outcome, first_utc FROM run
            WHERE first_utc >= $1::timestamptz - interval '7 days' AND first_utc < $2::timestamptz
            ORDER BY first_utc DESC LIMIT $4::bigint
        ) s
        WHERE at >= $1::timestamptz AND at < $2::timestamptz AND outcome IS NOT NULL
        GROUP BY 2
        """
    private static let tasks = """
        SELECT 'stages', \(bin), count(*), count(*) FILTER (WHERE status IN ('COMPLETED', 'CACHED')),
               count(*) FILTER (WHERE status = 'FAILED'), min(at)
        FROM (
            SELECT utc_time AS at, status FROM completion
            WHERE utc_time >= $1::timestamptz AND utc_time < $2::timestamptz AND has_process
            ORDER BY utc_time DESC LIMIT $4::bigint
        ) s
        GROUP BY 2
        """
    /// Buckets of whole hours come from the rollups, however many tasks they have.
    private static let hours = """
        SELECT 'stages', date_bin($3::bigint * interval '1 second', bucket, $1::timestamptz), 0::bigint,
               coalesce((sum(rows) FILTER (WHERE status IN ('COMPLETED', 'CACHED')))::bigint, 0),
               coalesce((sum(rows) FILTER (WHERE status = 'FAILED'))::bigint, 0), min(bucket)
        FROM completion_rollup
        WHERE grain = 'hour' AND bucket >= $1::timestamptz AND bucket < $2::timestamptz AND has_process
        GROUP BY 2
        """
    private static let durations = """
        SELECT b AS bucket, count(*) AS n, percentile_disc(0.5) WITHIN GROUP (ORDER BY s.ms) AS p50,
               percentile_disc(0.95) WITHIN GROUP (ORDER BY s.ms) AS p95
        FROM generate_series(0, $3::bigint - 1) b
        CROSS JOIN LATERAL (
            SELECT \(milliseconds) AS ms FROM completion
            WHERE utc_time >= $1::timestamptz + b * $2::bigint * interval '1 second'
                AND utc_time < $1::timestamptz + (b + 1) * $2::bigint * interval '1 second' AND has_process
            ORDER BY utc_time DESC LIMIT $4::bigint
        ) s
        GROUP BY b
        """

    func series(_ buckets: InsightBuckets, _ limits: InsightLimits, on connection: Connection) throws
        -> InsightSeries
    {
        let isHourly = buckets.step % 3600 == 0
        // Tasks and runs are counted by their rows.
        return try InsightSeries.read(
            buckets,
            counts: Statement(
                isHourly ? "hourly series of nextflow" : "series of nextflow",
                "\(Self.runs)\nUNION ALL\n\(isHourly ? Self.hours : Self.tasks)"
            ),
            durations: Statement("durations of nextflow", Self.durations),
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
        case .success: search.require("outcome", among: ["succeeded"])
        case .error: search.require("outcome", among: ["failed", "aborted"])
        case .running:
            // As the index of those says it.
            search.require("completed_utc IS NULL OR segment_start > completed_segment")
            search.require("outcome IS NULL")
        case nil: break
        }
        if let text = query.search {
            let word = search.value(.text(text))
            search.search(
                TraceSearch.contained(word, in: ["run_name", "project_name", "run_id"]),
                hits: ["run_id = \(word)::text", "run_name = \(word)::text"]
            )
        }
        let sql = """
            SELECT r.run_id, r.run_name, coalesce(r.project_name, r.run_name) AS name, r.outcome, r.first_utc, r.last_utc,
                   r.completed_utc, t.n
            FROM (\(search.sql())) r
            CROSS JOIN LATERAL (SELECT count(*) AS n FROM (
                SELECT FROM task WHERE run_key = r.run_key LIMIT \(Self.mostSpans)) x) t
            ORDER BY r.first_utc DESC, r.run_key DESC
            """
        let rows = try connection.execute(Statement(sql: sql), search.parameters).map {
            try Self.trace($0, now)
        }
        return Capped(rows, since: try search.since(rows.count, on: connection))
    }

    /// So many tasks of a run are counted.
    private static let mostSpans = 20_000
    private static let place = TraceSearch.Place(
        table: "run",
        time: "first_utc",
        key: "run_key",
        order: "first_utc DESC, run_key DESC"
    )

    private static func trace(_ row: Row, _ now: Timestamp) throws -> TraceRow {
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
