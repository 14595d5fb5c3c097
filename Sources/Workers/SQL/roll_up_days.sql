-- The hours of some days of some components, by day. $1: ids of components; $2: a day of each.
WITH new_day AS (
    SELECT
        date_trunc('month', r.starts_at, 'UTC') AS starts_at, r.series_id,
        (extract(day FROM r.starts_at AT TIME ZONE 'UTC') - 1)::smallint AS bucket,
        sum(coalesce(e.count, 1))::integer AS count,
        min(coalesce(e.min, e.last)) AS min,
        coalesce(max(coalesce(e.max, e.last)) FILTER (WHERE coalesce(e.max, e.last) <> 'NaN'), 'NaN') AS max,
        sum(coalesce(e.sum, rollup_summand(e.last))) AS sum,
        (array_agg(e.last ORDER BY e.bucket DESC))[1] AS last,
        max(e.last_at) AS last_at,
        sum(e.increase) AS increase
    FROM unnest($1::bigint[], $2::timestamptz[]) AS d (runtime_id, day)
    JOIN series s ON s.runtime_id = d.runtime_id
    JOIN rollup_hour r ON r.series_id = s.series_id AND r.starts_at = d.day
    CROSS JOIN LATERAL unnest(r.bucket, r.count, r.min, r.max, r.sum, r.last, r.last_at, r.increase)
        AS e (bucket, count, min, max, sum, last, last_at, increase)
    GROUP BY r.series_id, r.starts_at
)
