-- The 95th percentiles of groups of an executor, or of a machine type, from the values themselves.
-- $1, $2: the window, both inclusive, null where it is open; $3: processes, $4: their attempts; $5: executor; $6: machine
-- type; null for all.
SELECT
    round((percentile_cont(0.95) WITHIN GROUP (ORDER BY c.pct_cpu))::numeric, 2) AS pct_cpu,
    round((percentile_cont(0.95) WITHIN GROUP (ORDER BY c.pct_mem))::numeric, 2) AS pct_mem,
    round((percentile_cont(0.95) WITHIN GROUP (ORDER BY c.peak_rss))::numeric / 1073741824, 2) AS peak_rss_gb
FROM (
    SELECT *
    FROM completion
    WHERE executor = $5::text AND ($6::text IS NULL OR machine_type = $6)
    UNION ALL
    SELECT *
    FROM completion
    WHERE $5::text IS NULL AND machine_type = $6::text
) c
JOIN unnest($3::text[], $4::integer[]) WITH ORDINALITY AS g (process, attempt, place)
    ON c.process = g.process AND c.attempt = g.attempt
WHERE c.has_process
  AND c.utc_time >= coalesce($1::timestamptz, '-infinity')
  AND c.utc_time <= coalesce($2::timestamptz, 'infinity')
GROUP BY g.place
ORDER BY g.place
