-- The bins of the values of groups of an executor, or of a machine type, each as often as it occurs: no sealed
-- distribution knows where an attempt ran.
-- $1, $2: the window, both inclusive, null where it is open; $3: processes, $4: their attempts; $5: executor; $6: machine
-- type; null for all.
SELECT
    g.place,
    array_agg(sketch_bin(c.pct_cpu)) FILTER (WHERE c.pct_cpu IS NOT NULL) AS pct_cpu,
    array_agg(sketch_bin(c.pct_mem)) FILTER (WHERE c.pct_mem IS NOT NULL) AS pct_mem,
    array_agg(sketch_bin(c.peak_rss)) FILTER (WHERE c.peak_rss IS NOT NULL) AS peak_rss
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
