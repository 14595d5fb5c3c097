-- Buckets that are over and whose completions differ from those in their sketches, with their current numbers. A
-- month is ready when all its days are sealed, a year when all its months are; buckets within a sealed one need not
-- be checked.
-- $1: buckets that end by this moment are over.
WITH year AS MATERIALIZED (
    SELECT r.bucket, r.rows, s.seen_rows, s.rows IS NOT DISTINCT FROM r.rows AS is_sealed
    FROM bucket_rows('year', '-infinity', date_trunc('year', $1::timestamptz, 'UTC')) r
    LEFT JOIN sealed_bucket s ON s.grain = 'year' AND s.bucket = r.bucket
), month AS MATERIALIZED (
    SELECT r.bucket, r.rows, s.seen_rows, s.rows IS NOT DISTINCT FROM r.rows AS is_sealed
    FROM bucket_rows('month', '-infinity', date_trunc('month', $1::timestamptz, 'UTC')) r
    LEFT JOIN sealed_bucket s ON s.grain = 'month' AND s.bucket = r.bucket
    WHERE date_trunc('year', r.bucket, 'UTC') NOT IN (SELECT bucket FROM year WHERE is_sealed)
), day AS MATERIALIZED (
    SELECT r.bucket, r.rows, s.seen_rows, s.rows IS NOT DISTINCT FROM r.rows AS is_sealed
    FROM bucket_rows('day', '-infinity', date_trunc('day', $1::timestamptz, 'UTC')) r
    LEFT JOIN sealed_bucket s ON s.grain = 'day' AND s.bucket = r.bucket
    WHERE date_trunc('month', r.bucket, 'UTC') NOT IN (SELECT bucket FROM month WHERE is_sealed)
      AND date_trunc('year', r.bucket, 'UTC') NOT IN (SELECT bucket FROM year WHERE is_sealed)
), open AS (
    SELECT 'day'::grain AS grain, d.bucket, d.rows, d.seen_rows, true AS is_ready
    FROM day d
    WHERE NOT d.is_sealed
    UNION ALL
    SELECT
        'month', m.bucket, m.rows, m.seen_rows,
        NOT EXISTS (SELECT FROM day d WHERE NOT d.is_sealed AND date_trunc('month', d.bucket, 'UTC') = m.bucket)
    FROM month m
    WHERE NOT m.is_sealed
    UNION ALL
    SELECT
        'year', y.bucket, y.rows, y.seen_rows,
        NOT EXISTS (SELECT FROM month m WHERE NOT m.is_sealed AND date_trunc('year', m.bucket, 'UTC') = y.bucket)
    FROM year y
    WHERE NOT y.is_sealed
)
SELECT
    grain, bucket, (bucket AT TIME ZONE 'UTC' + ('1 ' || grain)::interval) AT TIME ZONE 'UTC' AS next, rows,
    -- The number is the same as at the last check.
    seen_rows IS NOT DISTINCT FROM rows AS is_quiet,
    is_ready
FROM open
ORDER BY bucket DESC
