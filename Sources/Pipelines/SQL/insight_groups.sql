-- percentile_disc is the nearest rank.
WITH sample AS (
    SELECT
        p.name AS pipeline, s.name AS stage, s.retry_attempt AS retries,
        (lower(coalesce(s.status, '')) = 'failed')::int AS failed,
        greatest(0, trunc(extract(epoch FROM coalesce(s.finished_at, $2::timestamptz) - s.started_at) * 1000))::bigint
            AS ms
    FROM stage s
    JOIN pipeline p ON p.id = s.pipeline_id
    WHERE s.started_at IS NOT NULL AND s.started_at >= $1::timestamptz
)
SELECT
    pipeline, stage, count(*) AS n, sum(failed) AS failed, sum(retries) AS retries, sum(ms) AS sum_ms,
    percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY ms) AS percentiles
FROM sample
GROUP BY pipeline, stage
