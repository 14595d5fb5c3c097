-- The bins of those values of groups that no sealed distribution contains, each as often as it occurs.
-- $1: processes, $2: their attempts; $3, $4: pieces of time, each [from, to).
SELECT
    g.place,
    array_agg(sketch_bin(c.pct_cpu)) FILTER (WHERE c.pct_cpu IS NOT NULL) AS pct_cpu,
    array_agg(sketch_bin(c.pct_mem)) FILTER (WHERE c.pct_mem IS NOT NULL) AS pct_mem,
    array_agg(sketch_bin(c.peak_rss)) FILTER (WHERE c.peak_rss IS NOT NULL) AS peak_rss
FROM unnest($1::text[], $2::integer[]) WITH ORDINALITY AS g (process, attempt, place)
CROSS JOIN unnest($3::timestamptz[], $4::timestamptz[]) AS p (from_time, to_time)
CROSS JOIN LATERAL (
    SELECT pct_cpu, pct_mem, peak_rss
    FROM completion
    WHERE process = g.process AND attempt = g.attempt AND has_process
      AND utc_time >= p.from_time AND utc_time < p.to_time
    OFFSET 0
) c
GROUP BY g.place
