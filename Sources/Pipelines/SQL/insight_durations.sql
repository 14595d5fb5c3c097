-- How long stages took that ended in each of $3 buckets of $2 seconds from $1 on: of each the newest $4.
SELECT
    b AS bucket, count(*) AS n, percentile_disc(0.5) WITHIN GROUP (ORDER BY s.ms) AS p50,
    percentile_disc(0.95) WITHIN GROUP (ORDER BY s.ms) AS p95
FROM generate_series(0, $3::bigint - 1) b
CROSS JOIN LATERAL (
    SELECT greatest(0, trunc(extract(epoch FROM finished_at - coalesce(started_at, finished_at)) * 1000))::bigint AS ms
    FROM stage
    WHERE finished_at IS NOT NULL
        AND finished_at >= $1::timestamptz + b * $2::bigint * interval '1 second'
        AND finished_at < $1::timestamptz + (b + 1) * $2::bigint * interval '1 second'
    ORDER BY finished_at DESC LIMIT $4::bigint
) s
GROUP BY b
