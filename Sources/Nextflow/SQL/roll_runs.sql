-- Adds the completions that this batch inserted to the hours, days, months and years of their runs.
-- $1, $2: first and last telemetry_id of the batch.
WITH hourly AS (
    SELECT
        date_trunc('hour', c.utc_time, 'UTC') AS hour, c.run_key, min(e.run_id) AS run_id, count(*) AS rows,
        count(*) FILTER (WHERE c.status = 'COMPLETED') AS succeeded,
        count(*) FILTER (WHERE c.status IN ('FAILED', 'ABORTED')) AS failed,
        count(*) FILTER (WHERE c.attempt > 1) AS retried
    FROM stage_event e
    JOIN completion c USING (run_key, completion_key, telemetry_id)
    WHERE e.telemetry_id BETWEEN $1 AND $2
    GROUP BY hour, c.run_key
)
INSERT INTO run_rollup AS r (grain, bucket, run_key, run_id, rows, succeeded, failed, retried)
SELECT
    g.grain, date_trunc(g.grain::text, h.hour, 'UTC') AS bucket, h.run_key, min(h.run_id),
    sum(h.rows), sum(h.succeeded), sum(h.failed), sum(h.retried)
FROM hourly h
CROSS JOIN unnest('{hour,day,month,year}'::grain[]) AS g (grain)
GROUP BY g.grain, bucket, h.run_key
ORDER BY g.grain, bucket, h.run_key
ON CONFLICT (grain, bucket, run_key) DO UPDATE SET
    rows      = r.rows + excluded.rows,
    succeeded = r.succeeded + excluded.succeeded,
    failed    = r.failed + excluded.failed,
    retried   = r.retried + excluded.retried
