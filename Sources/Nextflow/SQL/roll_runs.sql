-- Adds the completions that this batch inserted to the hours, days, months and years of their runs.
-- $1, $2: first and last telemetry_id of the batch.
INSERT INTO run_rollup AS r (grain, bucket, run_key, run_id, rows, succeeded, failed, retried)
SELECT
    g.grain, date_trunc(g.grain::text, c.utc_time, 'UTC') AS bucket, c.run_key, min(e.run_id), count(*),
    count(*) FILTER (WHERE c.status = 'COMPLETED'),
    count(*) FILTER (WHERE c.status IN ('FAILED', 'ABORTED')),
    count(*) FILTER (WHERE c.attempt > 1)
FROM stage_event e
JOIN completion c USING (run_key, completion_key, telemetry_id)
CROSS JOIN unnest('{hour,day,month,year}'::grain[]) AS g (grain)
WHERE e.telemetry_id BETWEEN $1 AND $2
GROUP BY g.grain, bucket, c.run_key
ORDER BY g.grain, bucket, c.run_key
ON CONFLICT (grain, bucket, run_key) DO UPDATE SET
    rows      = r.rows + excluded.rows,
    succeeded = r.succeeded + excluded.succeeded,
    failed    = r.failed + excluded.failed,
    retried   = r.retried + excluded.retried
