-- Stores the buckets of `new_GRAIN` in `rollup_GRAIN`, beside those that are there.
--
-- A bucket is not replaced by one of fewer samples: these are what retention has left of it.
offered_GRAIN AS (
    SELECT n.*, true AS is_new FROM new_GRAIN n
    UNION ALL
    SELECT
        r.starts_at, r.series_id, e.bucket, coalesce(e.count, 1), coalesce(e.min, e.last), coalesce(e.max, e.last),
        coalesce(e.sum, rollup_summand(e.last)), e.last, e.last_at, e.increase, false
    FROM (SELECT DISTINCT starts_at, series_id FROM new_GRAIN) n
    JOIN rollup_GRAIN r USING (starts_at, series_id)
    CROSS JOIN LATERAL unnest(r.bucket, r.count, r.min, r.max, r.sum, r.last, r.last_at, r.increase)
        AS e (bucket, count, min, max, sum, last, last_at, increase)
),
kept_GRAIN AS (
    SELECT DISTINCT ON (series_id, starts_at, bucket) *
    FROM offered_GRAIN
    ORDER BY series_id, starts_at, bucket, count DESC, is_new DESC
),
stored_GRAIN AS (
    INSERT INTO rollup_GRAIN AS r (starts_at, series_id, bucket, count, min, max, sum, last, last_at, increase)
    SELECT
        starts_at, series_id, array_agg(bucket ORDER BY bucket),
        CASE WHEN max(count) > 1 THEN array_agg(count ORDER BY bucket) END,
        CASE WHEN max(count) > 1 THEN array_agg(min ORDER BY bucket) END,
        CASE WHEN max(count) > 1 THEN array_agg(max ORDER BY bucket) END,
        CASE WHEN max(count) > 1 THEN array_agg(sum ORDER BY bucket) END,
        array_agg(last ORDER BY bucket),
        array_agg(last_at ORDER BY bucket),
        CASE WHEN count(increase) > 0 THEN array_agg(increase ORDER BY bucket) END
    FROM kept_GRAIN
    GROUP BY series_id, starts_at
    ORDER BY series_id, starts_at
    ON CONFLICT (series_id, starts_at) DO UPDATE SET
        bucket = excluded.bucket, count = excluded.count, min = excluded.min, max = excluded.max, sum = excluded.sum,
        last = excluded.last, last_at = excluded.last_at, increase = excluded.increase
)
