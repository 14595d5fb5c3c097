-- The 95th percentiles of groups, from the sketches of whole months and years.
-- $1, $2: the window, both inclusive, null where it is open; $3: processes, $4: their attempts;
-- $5, $6, $7: how many values of %cpu, %mem and peak_rss each group has.
SELECT
    round(p.pct_cpu::numeric, 2) AS pct_cpu,
    round(p.pct_mem::numeric, 2) AS pct_mem,
    round(p.peak_rss::numeric / 1073741824, 2) AS peak_rss_gb
FROM unnest($3::text[], $4::integer[], $5::bigint[], $6::bigint[], $7::bigint[])
    WITH ORDINALITY AS g (process, attempt, pct_cpu_n, pct_mem_n, peak_rss_n, place)
CROSS JOIN (
    SELECT
        min(from_time) AS edge_from,
        max(to_time) AS edge_to,
        min(from_time) FILTER (WHERE grain >= 'month') AS month_from,
        max(to_time) FILTER (WHERE grain >= 'month') AS month_to,
        min(from_time) FILTER (WHERE grain = 'year') AS year_from,
        max(to_time) FILTER (WHERE grain = 'year') AS year_to
    FROM rollup_window($1::timestamptz, $2::timestamptz, 'month')
) w
CROSS JOIN LATERAL (
    SELECT
        sketch_percentile(
            g.process, g.attempt, 'pct_cpu', g.pct_cpu_n, 0.95,
            w.edge_from, w.edge_to, w.month_from, w.month_to, w.year_from, w.year_to
        ) AS pct_cpu,
        sketch_percentile(
            g.process, g.attempt, 'pct_mem', g.pct_mem_n, 0.95,
            w.edge_from, w.edge_to, w.month_from, w.month_to, w.year_from, w.year_to
        ) AS pct_mem,
        sketch_percentile(
            g.process, g.attempt, 'peak_rss', g.peak_rss_n, 0.95,
            w.edge_from, w.edge_to, w.month_from, w.month_to, w.year_from, w.year_to
        ) AS peak_rss
) p
ORDER BY g.place
