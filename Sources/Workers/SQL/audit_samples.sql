-- Days of samples: what the loader counted, and what is there. They differ when rows were deleted by hand.
SELECT
    coalesce(c.day, b.day) AS day, coalesce(c.samples, 0) AS counted, coalesce(b.samples, 0) AS stored,
    coalesce(c.samples, 0) - coalesce(b.samples, 0) AS missing
FROM (SELECT day, sum(samples)::bigint AS samples FROM sample_count GROUP BY day) c
FULL JOIN (
    SELECT (received_at AT TIME ZONE 'UTC')::date AS day, sum(cardinality(value))::bigint AS samples
    FROM sample_block
    GROUP BY 1
) b ON b.day = c.day
ORDER BY 1 DESC
