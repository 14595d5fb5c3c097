-- Makes every rollup anew from the completions, with the views and functions that Weir's own SQL uses:
-- hours from completions, each longer bucket from the one below.

\set QUIET on
SET synchronous_commit = off;
SET work_mem = '512MB';
SET maintenance_work_mem = '512MB';
SET jit = off;

TRUNCATE completion_rollup, run_rollup, event_rollup, run_process, sealed_bucket, sealed_sketch;

INSERT INTO completion_rollup
SELECT
    'hour', date_trunc('hour', utc_time, 'UTC') AS bucket, has_process, process, attempt, status, exit, error_action,
    sum(rows), max(utc_time), sum(cpus_n), sum(cpus), sum(memory_n), sum(memory), sum(time_ms_n), sum(time_ms),
    sum(pct_cpu_n), sum(pct_cpu), sum(pct_mem_n), sum(pct_mem), sum(peak_rss_n), sum(peak_rss),
    sum(read_bytes_n), sum(read_bytes), sum(write_bytes_n), sum(write_bytes), sum(cpu_eff_n), sum(cpu_eff),
    sum(memory_eff_n), sum(memory_eff)
FROM completion_fact
GROUP BY bucket, has_process, process, attempt, status, exit, error_action
ORDER BY bucket;

DO $$
DECLARE
    step record;
BEGIN
    FOR step IN SELECT * FROM (VALUES ('hour', 'day'), ('day', 'month'), ('month', 'year')) AS s (finer, coarser) LOOP
        INSERT INTO completion_rollup
        SELECT
            step.coarser::grain, date_trunc(step.coarser, r.bucket, 'UTC') AS start,
            has_process, process, attempt, status, exit, error_action,
            sum(rows), max(last_utc), sum(cpus_n), sum(cpus), sum(memory_n), sum(memory), sum(time_ms_n), sum(time_ms),
            sum(pct_cpu_n), sum(pct_cpu), sum(pct_mem_n), sum(pct_mem), sum(peak_rss_n), sum(peak_rss),
            sum(read_bytes_n), sum(read_bytes), sum(write_bytes_n), sum(write_bytes), sum(cpu_eff_n), sum(cpu_eff),
            sum(memory_eff_n), sum(memory_eff)
        FROM completion_rollup r
        WHERE grain = step.finer::grain
        GROUP BY start, has_process, process, attempt, status, exit, error_action
        ORDER BY start;
    END LOOP;
END
$$;

INSERT INTO run_rollup
SELECT
    'hour', date_trunc('hour', c.utc_time, 'UTC') AS bucket, c.run_key, run.run_id, count(*),
    count(*) FILTER (WHERE c.status = 'COMPLETED'), count(*) FILTER (WHERE c.status IN ('FAILED', 'ABORTED')),
    count(*) FILTER (WHERE c.attempt > 1)
FROM completion c
JOIN run USING (run_key)
GROUP BY bucket, c.run_key, run.run_id
ORDER BY bucket;

INSERT INTO run_rollup
SELECT g, date_trunc(g::text, bucket, 'UTC') AS start, run_key, run_id, sum(rows), sum(succeeded), sum(failed), sum(retried)
FROM run_rollup, unnest('{day,month,year}'::grain[]) g
WHERE grain = 'hour'
GROUP BY g, start, run_key, run_id
ORDER BY g, start;

INSERT INTO event_rollup
SELECT 'second', utc_time, event, count(*)
FROM (
    SELECT utc_time, 'process_completed' FROM completion
    UNION ALL SELECT started_utc, 'started' FROM run
    UNION ALL SELECT completed_utc, 'completed' FROM run WHERE completed_utc IS NOT NULL
) AS e (utc_time, event)
GROUP BY utc_time, event
ORDER BY utc_time;

INSERT INTO event_rollup
SELECT g, date_trunc(g::text, bucket, 'UTC') AS start, event, sum(rows)
FROM event_rollup, unnest('{hour,day,month,year}'::grain[]) g
WHERE grain = 'second'
GROUP BY g, start, event
ORDER BY g, start;

INSERT INTO run_process
SELECT c.process, c.run_key, run.run_id, min(c.utc_time), max(c.utc_time)
FROM completion c
JOIN run USING (run_key)
GROUP BY c.process, c.run_key, run.run_id
ORDER BY max(c.utc_time);
