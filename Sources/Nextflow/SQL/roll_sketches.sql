-- Adds the measured values of the completions that this batch inserted to the sketches of their months and years.
-- $1, $2: first and last telemetry_id of the batch.
WITH monthly AS (
    SELECT
        date_trunc('month', c.utc_time, 'UTC') AS month, c.process, c.attempt, v.value,
        sketch_bin(v.amount) AS bin, count(*) AS rows
    FROM stage_event e
    JOIN completion c USING (run_key, completion_key, telemetry_id)
    CROSS JOIN LATERAL (VALUES
        ('pct_cpu', c.pct_cpu), ('pct_mem', c.pct_mem), ('peak_rss', c.peak_rss)
    ) AS v (value, amount)
    WHERE e.telemetry_id BETWEEN $1 AND $2
      AND c.has_process
      AND v.amount IS NOT NULL
    GROUP BY month, c.process, c.attempt, v.value, bin
)
INSERT INTO completion_sketch AS s (grain, bucket, process, attempt, value, bin, rows)
SELECT
    g.grain, date_trunc(g.grain::text, m.month, 'UTC') AS bucket,
    m.process, m.attempt, m.value, m.bin, sum(m.rows)
FROM monthly m
CROSS JOIN unnest('{month,year}'::grain[]) AS g (grain)
GROUP BY g.grain, bucket, m.process, m.attempt, m.value, m.bin
ORDER BY g.grain, m.process, m.attempt, m.value, m.bin, bucket
ON CONFLICT (grain, process, attempt, value, bin, bucket) DO UPDATE SET
    rows = s.rows + excluded.rows
