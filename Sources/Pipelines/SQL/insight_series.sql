SELECT
    floor(extract(epoch FROM created_at - $1::timestamptz) / $3::bigint)::bigint AS bucket, count(*) AS created,
    0 AS completed, 0 AS failed, 0 AS stages_completed, 0 AS stages_failed, NULL::bigint AS p50, NULL::bigint AS p95
FROM pipeline
WHERE created_at >= $1::timestamptz AND created_at < $2::timestamptz
GROUP BY 1
UNION ALL
SELECT
    floor(extract(epoch FROM finished_at - $1::timestamptz) / $3::bigint)::bigint, 0,
    count(*) FILTER (WHERE lower(status) = 'completed'), count(*) FILTER (WHERE lower(status) = 'failed'), 0, 0,
    NULL, NULL
FROM pipeline
WHERE finished_at IS NOT NULL AND finished_at >= $1::timestamptz AND finished_at < $2::timestamptz
GROUP BY 1
UNION ALL
SELECT
    bucket, 0, 0, 0, count(*) FILTER (WHERE status = 'completed'), count(*) FILTER (WHERE status = 'failed'),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY ms), percentile_disc(0.95) WITHIN GROUP (ORDER BY ms)
FROM (
    SELECT
        floor(extract(epoch FROM finished_at - $1::timestamptz) / $3::bigint)::bigint AS bucket,
        lower(status) AS status,
        greatest(0, trunc(extract(epoch FROM finished_at - coalesce(started_at, finished_at)) * 1000))::bigint AS ms
    FROM stage
    WHERE finished_at IS NOT NULL AND finished_at >= $1::timestamptz AND finished_at < $2::timestamptz
) s
GROUP BY bucket
