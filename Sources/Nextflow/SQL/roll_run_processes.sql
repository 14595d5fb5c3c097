-- Notes which processes of their runs the completions of this batch belong to.
-- $1, $2: first and last telemetry_id of the batch.
INSERT INTO run_process AS p (process, run_key, run_id, first_utc, last_utc)
SELECT c.process, c.run_key, min(e.run_id), min(c.utc_time), max(c.utc_time)
FROM stage_event e
JOIN completion c USING (run_key, completion_key, telemetry_id)
WHERE e.telemetry_id BETWEEN $1 AND $2
GROUP BY c.process, c.run_key
ORDER BY c.process, c.run_key
ON CONFLICT (process, run_key) DO UPDATE SET
    first_utc = least(p.first_utc, excluded.first_utc),
    last_utc  = greatest(p.last_utc, excluded.last_utc)
WHERE excluded.first_utc < p.first_utc OR excluded.last_utc > p.last_utc
