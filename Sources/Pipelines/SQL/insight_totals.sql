-- Pipelines that were made since $1: at most $2 of them, the newest, and since when they are.
WITH made AS (
    SELECT count(*) AS total, min(created_at) AS oldest
    FROM (
        SELECT created_at FROM pipeline WHERE created_at >= $1::timestamptz ORDER BY created_at DESC LIMIT $2::bigint
    ) s
)
SELECT
    made.total, made.oldest,
    (
        SELECT count(*) FROM (
            SELECT FROM pipeline
            WHERE lower(status) = 'failed'
                AND created_at >= CASE WHEN made.total < $2::bigint THEN $1::timestamptz ELSE made.oldest END
            LIMIT $2::bigint
        ) f
    ) AS failed
FROM made
