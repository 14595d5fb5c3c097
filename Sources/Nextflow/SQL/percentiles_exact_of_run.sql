-- The 95th percentiles of groups of the runs with a name, from the values themselves.
-- $1, $2: the window, both inclusive, null where it is open; $3: processes, $4: their attempts; $5: run name;
-- $6: executor, $7: machine type, null for all.
SELECT
    round((percentile_cont(0.95) WITHIN GROUP (ORDER BY c.pct_cpu))::numeric, 2) AS pct_cpu,
    round((percentile_cont(0.95) WITHIN GROUP (ORDER BY c.pct_mem))::numeric, 2) AS pct_mem,
    round((percentile_cont(0.95) WITHIN GROUP (ORDER BY c.peak_rss))::numeric / 1073741824, 2) AS peak_rss_gb
FROM run
-- OFFSET 0 keeps the join a nested loop over the key: a generic plan would read the whole table.
CROSS JOIN LATERAL (SELECT * FROM completion k WHERE k.run_key = run.run_key OFFSET 0) c
JOIN unnest($3::text[], $4::integer[]) WITH ORDINALITY AS g (process, attempt, place)
    ON c.process = g.process AND c.attempt = g.attempt
WHERE run.run_name = $5::text
  AND c.has_process
  AND ($6::text IS NULL OR c.executor = $6)
  AND ($7::text IS NULL OR c.machine_type = $7)
  AND c.utc_time >= coalesce($1::timestamptz, '-infinity')
  AND c.utc_time <= coalesce($2::timestamptz, 'infinity')
GROUP BY g.place
ORDER BY g.place
