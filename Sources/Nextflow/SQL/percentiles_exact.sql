-- The 95th percentiles of groups, from the values themselves.
-- $1, $2: the window, both inclusive, null where it is open; $3: processes, $4: their attempts.
SELECT
    round(p.pct_cpu::numeric, 2) AS pct_cpu,
    round(p.pct_mem::numeric, 2) AS pct_mem,
    round(p.peak_rss::numeric / 1073741824, 2) AS peak_rss_gb
FROM unnest($3::text[], $4::integer[]) WITH ORDINALITY AS g (process, attempt, place)
CROSS JOIN LATERAL (
    SELECT
        percentile_cont(0.95) WITHIN GROUP (ORDER BY c.pct_cpu) AS pct_cpu,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY c.pct_mem) AS pct_mem,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY c.peak_rss) AS peak_rss
    FROM completion c
    WHERE c.process = g.process
      AND c.attempt = g.attempt
      AND c.has_process
      AND c.utc_time >= coalesce($1::timestamptz, '-infinity')
      AND c.utc_time <= coalesce($2::timestamptz, 'infinity')
) p
ORDER BY g.place
