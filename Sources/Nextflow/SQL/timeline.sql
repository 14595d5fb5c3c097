-- The number of completions in each hour, day or week of a window. Contract nextflow 3, timeline.
-- $1, $2: the window, both inclusive, null where it is open; $3: run name; $4: process; $5: executor; $6: machine type;
-- null for all; $7: hour, day or week; $8: the coarsest grain that does not cross such buckets.
SELECT
    date_trunc($7::text, b.bucket, 'UTC') AS bucket_start,
    sum(b.total)::bigint AS total,
    coalesce(sum(b.succeeded), 0)::bigint AS succeeded,
    coalesce(sum(b.failed), 0)::bigint AS failed
FROM (
    -- Added up first: truncating a time costs more than adding a row.
    SELECT
        bucket, sum(rows) AS total, sum(rows) FILTER (WHERE status = 'COMPLETED') AS succeeded,
        sum(rows) FILTER (WHERE status IN ('FAILED', 'ABORTED')) AS failed
    FROM completion_facts(
        $1::timestamptz, $2::timestamptz, $3::text, $4::text, $8::grain, $5::text, $6::text
    )
    GROUP BY bucket
) b
GROUP BY bucket_start
ORDER BY bucket_start
