-- The newest $3 attempts of the window, by pipeline and stage. percentile_disc is the nearest rank. The name of a pipeline
-- is looked up by its number: OFFSET 0 keeps PostgreSQL from reading all pipelines instead.
WITH sample AS MATERIALIZED (
    SELECT pipeline_id, name, retry_attempt, status, started_at, finished_at
    FROM stage
    WHERE started_at IS NOT NULL AND started_at >= $1::timestamptz
    ORDER BY started_at DESC LIMIT $3::bigint
)
SELECT
    p.name AS pipeline, s.name AS stage, count(*) AS n,
    count(*) FILTER (WHERE lower(s.status) = 'failed') AS failed, sum(s.retry_attempt) AS retries, sum(s.ms) AS sum_ms,
    percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY s.ms) AS percentiles, min(s.started_at) AS oldest
FROM (
    SELECT
        *, greatest(0, trunc(extract(epoch FROM coalesce(finished_at, $2::timestamptz) - started_at) * 1000))::bigint AS ms
    FROM sample
) s
CROSS JOIN LATERAL (SELECT name COLLATE "C" AS name FROM pipeline WHERE id = s.pipeline_id OFFSET 0) p
GROUP BY p.name, s.name
