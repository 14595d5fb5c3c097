-- Adds the measured values of the completions that this batch inserted to the sketches of their months and years.
-- $1, $2: first and last telemetry_id of the batch.
INSERT INTO completion_sketch AS s (grain, bucket, process, attempt, value, bin, rows)
SELECT
    g.grain, date_trunc(g.grain::text, c.utc_time, 'UTC') AS bucket,
    c.process, c.attempt, v.value, sketch_bin(v.amount) AS bin, count(*)
FROM stage_event e
JOIN completion c USING (run_key, completion_key, telemetry_id)
CROSS JOIN LATERAL (VALUES
    ('pct_cpu', c.pct_cpu), ('pct_mem', c.pct_mem), ('peak_rss', c.peak_rss)
) AS v (value, amount)
CROSS JOIN unnest('{month,year}'::grain[]) AS g (grain)
WHERE e.telemetry_id BETWEEN $1 AND $2
  AND c.has_process
  AND v.amount IS NOT NULL
GROUP BY g.grain, bucket, c.process, c.attempt, v.value, bin
ORDER BY g.grain, c.process, c.attempt, v.value, bin, bucket
ON CONFLICT (grain, process, attempt, value, bin, bucket) DO UPDATE SET
    rows = s.rows + excluded.rows
