import Core
import Postgres
import TestKit

/// Rows for the reading side, made by SQL: the rollups are derived from the completions by plain grouping, so that
/// nothing of what the loader does is taken for granted.
enum CompletionFixture {
    /// Fills `run`, `completion` and every rollup.
    ///
    /// Times crowd around the edges of hours, days, months and years; names differ in case and accents; some values
    /// are missing.
    static func fill(_ harness: ProjectionHarness, completions: Int, seed: Double) throws {
        try harness.execute(
            """
            SELECT setseed(\(seed));
            INSERT INTO run (
                run_key, run_id, run_name, first_utc, last_utc, first_received_at, last_received_at, task_utc
            )
            SELECT
                md5('run' || i)::uuid, 'session-' || i / 2, 'name-' || i % 7,
                '2024-01-01', '2026-12-01', '2024-01-01', '2026-12-01', '2026-12-01'
            FROM generate_series(0, 15) i;

            INSERT INTO completion (
                run_key, completion_key, telemetry_id, utc_time, has_process, process, attempt, status, exit,
                error_action, task_id, hash, name, sample_id, realtime_ms, cpus, memory, time_ms,
                pct_cpu, pct_mem, peak_rss, read_bytes, write_bytes, rchar, wchar, executor, machine_type
            )
            SELECT
                md5('run' || floor(random() * 16))::uuid, md5('key' || i)::uuid, i,
                CASE floor(random() * 3)
                    WHEN 0 THEN date_trunc(
                        (ARRAY['hour', 'day', 'month', 'year'])[1 + floor(random() * 4)],
                        timestamptz '2024-11-01' + random() * interval '26 months'
                    ) + (floor(random() * 5) - 2) * interval '1 microsecond'
                    WHEN 1 THEN timestamptz '2026-11-20 10:00' + random() * interval '5 hours'
                    ELSE timestamptz '2024-11-01' + random() * interval '26 months'
                END,
                true, p, floor(random() * 4)::integer,
                (ARRAY['COMPLETED', 'COMPLETED', 'FAILED', 'ABORTED', ''])[1 + floor(random() * 5)],
                (ARRAY['0', '1', '137', '2147483647', '<null>'])[1 + floor(random() * 5)],
                (ARRAY['', 'RETRY', 'IGNORE'])[1 + floor(random() * 3)],
                i, 'ab/' || i, p || ' (' || i || ')', 's' || i % 5, 1000 * random(),
                (ARRAY[NULL, 0, 1, 4])[1 + floor(random() * 4)],
                (ARRAY[NULL, 0, 1073741824, 8589934592])[1 + floor(random() * 4)],
                (ARRAY[NULL, 60000, 90000.5])[1 + floor(random() * 3)],
                CASE WHEN random() < 0.7 THEN (400 * random())::numeric(9, 1) END,
                CASE WHEN random() < 0.7 THEN (100 * random())::numeric(9, 2) END,
                CASE WHEN random() < 0.7 THEN floor(1e10 * random()) END,
                CASE WHEN random() < 0.7 THEN floor(1e10 * random()) END,
                CASE WHEN random() < 0.7 THEN floor(1e10 * random()) END, 1e9, 2e9,
                (ARRAY[NULL, 'local', 'slurm', 'awsbatch'])[1 + i % 4],
                (ARRAY['m5.large', NULL, NULL, 'c5.xlarge', NULL, NULL, NULL, 'm5.large'])[1 + i % 8]
            FROM (
                SELECT i, (ARRAY['WF:ALIGN', 'wf:align', 'é', 'e' || U&'\\0301', 'QC', 'Z'])[1 + floor(random() * 6)] AS p
                FROM generate_series(1, \(completions)) i
            ) n;
            UPDATE completion SET has_process = false, process = '<null>' WHERE telemetry_id % 11 = 0;
            """
        )
        try rollUp(harness)
    }

    /// Sixty thousand completions over fourteen months, in one group.
    static func fillLargeGroup(_ harness: ProjectionHarness) throws {
        try harness.execute(
            """
            INSERT INTO run (run_key, run_id, run_name, first_utc, last_utc, first_received_at, last_received_at)
            VALUES (md5('r')::uuid, 'r', 'n', '2025-10-10', '2026-12-01', '2025-10-10', '2026-12-01');
            INSERT INTO completion (
                run_key, completion_key, telemetry_id, utc_time, has_process, process, attempt, status, exit,
                error_action, pct_cpu, pct_mem, peak_rss, executor
            )
            SELECT
                md5('r')::uuid, md5('k' || i)::uuid, i, timestamptz '2025-10-10' + i * interval '10 minutes',
                true, 'P', 1, 'COMPLETED', '0', '', 100 * exp(sin(i)), i % 1000 / 10.0,
                CASE WHEN i % 3 = 0 THEN 1e9 * (1 + cos(i)) END, 'slurm'
            FROM generate_series(1, 60000) i;
            """
        )
        try rollUp(harness)
    }

    /// Derives every rollup from the completions; events are the completions themselves.
    static func rollUp(_ harness: ProjectionHarness) throws {
        try harness.execute(
            """
            INSERT INTO completion_rollup
            SELECT
                g, date_trunc(g::text, utc_time, 'UTC'), has_process, process, attempt, status, exit, error_action,
                count(*), max(utc_time),
                count(cpus), coalesce(sum(cpus::numeric), 0), count(memory), coalesce(sum(memory::numeric), 0),
                count(time_ms), coalesce(sum(time_ms::numeric), 0),
                count(pct_cpu), coalesce(sum(pct_cpu::numeric), 0),
                count(pct_mem), coalesce(sum(pct_mem::numeric), 0),
                count(peak_rss), coalesce(sum(peak_rss::numeric), 0),
                count(read_bytes), coalesce(sum(read_bytes::numeric), 0),
                count(write_bytes), coalesce(sum(write_bytes::numeric), 0),
                count(pct_cpu) FILTER (WHERE cpus > 0),
                coalesce(sum(pct_cpu::numeric / (100 * cpus::numeric)) FILTER (WHERE cpus > 0), 0),
                count(peak_rss) FILTER (WHERE memory > 0),
                coalesce(sum(peak_rss::numeric / memory::numeric) FILTER (WHERE memory > 0), 0)
            FROM completion, unnest('{hour,day,month,year}'::grain[]) g
            GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;

            INSERT INTO run_rollup
            SELECT
                g, date_trunc(g::text, utc_time, 'UTC'), run_key, run_id, count(*),
                count(*) FILTER (WHERE status = 'COMPLETED'),
                count(*) FILTER (WHERE status IN ('FAILED', 'ABORTED')), count(*) FILTER (WHERE attempt > 1)
            FROM completion JOIN run USING (run_key), unnest('{hour,day,month,year}'::grain[]) g
            GROUP BY 1, 2, 3, 4;

            INSERT INTO run_process
            SELECT process, run_key, run_id, min(utc_time), max(utc_time)
            FROM completion JOIN run USING (run_key)
            GROUP BY 1, 2, 3;

            INSERT INTO event_rollup
            SELECT g, date_trunc(g::text, utc_time, 'UTC'), 'event' || telemetry_id % 5, count(*)
            FROM completion, unnest('{second,hour,day,month,year}'::grain[]) g
            GROUP BY 1, 2, 3;
            ANALYZE;
            """
        )
    }
}
