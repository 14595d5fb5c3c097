-- The buckets of hours of samples, from `increases`. $6, $7: hours before these have no rows by minute, and by five
-- minutes, any more.
minutes AS (
    SELECT
        series_id, starts_at AS hour,
        date_bin('1 minute', at, starts_at) AS minute,
        count(*)::integer AS count,
        min(value) AS min,
        coalesce(max(value) FILTER (WHERE value <> 'NaN'), 'NaN') AS max,
        sum(rollup_summand(value)) AS sum,
        (array_agg(value ORDER BY at DESC, place DESC))[1] AS last,
        max(at) AS last_at,
        sum(increase) AS increase
    FROM increases
    WHERE at >= starts_at
    GROUP BY series_id, hour, minute
),
five_minutes AS (
    SELECT
        series_id, hour,
        date_bin('5 minutes', minute, hour) AS five_minutes,
        sum(count)::integer AS count,
        min(min) AS min,
        coalesce(max(max) FILTER (WHERE max <> 'NaN'), 'NaN') AS max,
        sum(sum) AS sum,
        (array_agg(last ORDER BY minute DESC))[1] AS last,
        max(last_at) AS last_at,
        sum(increase) AS increase
    FROM minutes
    GROUP BY series_id, hour, five_minutes
),
new_minute AS (
    SELECT
        hour AS starts_at, series_id, (extract(epoch FROM minute - hour) / 60)::smallint AS bucket,
        count, min, max, sum, last, last_at, increase
    FROM minutes
    WHERE hour >= $6
),
new_five_minutes AS (
    SELECT
        hour AS starts_at, series_id, (extract(epoch FROM five_minutes - hour) / 300)::smallint AS bucket,
        count, min, max, sum, last, last_at, increase
    FROM five_minutes
    WHERE hour >= $7
),
new_hour AS (
    SELECT
        date_trunc('day', hour, 'UTC') AS starts_at, series_id,
        extract(hour FROM hour AT TIME ZONE 'UTC')::smallint AS bucket,
        sum(count)::integer AS count,
        min(min) AS min,
        coalesce(max(max) FILTER (WHERE max <> 'NaN'), 'NaN') AS max,
        sum(sum) AS sum,
        (array_agg(last ORDER BY five_minutes DESC))[1] AS last,
        max(last_at) AS last_at,
        sum(increase) AS increase
    FROM five_minutes
    GROUP BY series_id, hour
)
