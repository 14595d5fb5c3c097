-- The timeline of all runs and processes, from the rollup by run: it has far fewer rows than the one by process.
-- $1, $2: the window, both inclusive, null where it is open; $3: hour, day or week; $4: the coarsest grain that does
-- not cross such buckets.
SELECT
    date_trunc($3::text, b.bucket, 'UTC') AS bucket_start,
    sum(b.total)::bigint AS total,
    sum(b.succeeded)::bigint AS succeeded,
    sum(b.failed)::bigint AS failed
FROM (
    -- Added up first: truncating a time costs more than adding a row.
    SELECT p.bucket, sum(p.rows) AS total, sum(p.succeeded) AS succeeded, sum(p.failed) AS failed
    FROM (
        SELECT r.bucket, r.rows, r.succeeded, r.failed
        FROM rollup_window($1::timestamptz, $2::timestamptz, 'hour', $4::grain) w
        CROSS JOIN LATERAL (
            SELECT bucket, rows, succeeded, failed
            FROM run_rollup
            WHERE grain = w.grain AND bucket >= w.from_time AND bucket < w.to_time
            OFFSET 0
        ) r
        WHERE w.grain <> 'edge'
        UNION ALL
        SELECT c.utc_time, 1, (c.status = 'COMPLETED')::integer, (c.status IN ('FAILED', 'ABORTED'))::integer
        FROM rollup_window($1::timestamptz, $2::timestamptz, 'hour', $4::grain) w
        CROSS JOIN LATERAL (
            SELECT utc_time, status
            FROM completion
            WHERE utc_time >= w.from_time AND utc_time < w.to_time
            OFFSET 0
        ) c
        WHERE w.grain = 'edge'
    ) p
    GROUP BY p.bucket
) b
GROUP BY bucket_start
ORDER BY bucket_start
