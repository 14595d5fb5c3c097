-- Samples with their increases, of the stretches of time in `due (runtime_id, starts_at, ends_at)`.
-- $1: this moment; $2: samples that arrived before this have expired, unless they have a lifetime of their own;
-- $3: numbers of series, or null for all. Samples of the hour before a stretch come along: increases count from them.
raw AS (
    SELECT
        d.starts_at, d.ends_at, e.series_id, s.metric_type <> 'gauge' AS is_cumulative, e.value,
        b.metric_id + e.place AS place,
        b.first_at + coalesce(e.after_us, 0) * interval '1 microsecond' AS at
    FROM due d
    JOIN sample_block b ON b.runtime_id = d.runtime_id
        -- The hour before has the samples that increases are counted from. No block spans more than an hour.
        AND b.last_at >= d.starts_at - interval '1 hour'
        AND b.last_at < d.ends_at + interval '1 hour'
        AND b.first_at < d.ends_at
        -- To compare many with many takes longer than to read the block.
        AND ($3::integer[] IS NULL OR cardinality($3) > 64 OR b.series && $3)
    CROSS JOIN LATERAL unnest(b.series, b.after_us, b.value) WITH ORDINALITY AS e (series_id, after_us, value, place)
    JOIN series s ON s.series_id = e.series_id
    WHERE ($3::integer[] IS NULL OR e.series_id = ANY ($3))
      AND CASE
          WHEN s.ttl IS NULL THEN b.received_at >= $2
          ELSE greatest(b.received_at, s.ttl_set_at) + s.ttl > $1
      END
      -- A stale marker of Prometheus says that there is no value.
      AND (e.value <> 'NaN' OR float8send(e.value) <> '\x7ff0000000000002')
),
samples AS (
    SELECT starts_at, series_id, is_cumulative, value, place, at
    FROM raw
    WHERE at < ends_at
      AND at >= CASE WHEN is_cumulative THEN starts_at - interval '1 hour' ELSE starts_at END
    UNION ALL
    -- What retention has dropped of the hour before is in its rollup.
    SELECT d.starts_at, r.series_id, true, r.last[p.place], -1, r.last_at[p.place]
    FROM due d
    JOIN series s ON s.runtime_id = d.runtime_id AND s.metric_type <> 'gauge'
        AND ($3::integer[] IS NULL OR s.series_id = ANY ($3))
    JOIN rollup_hour r ON r.series_id = s.series_id
        AND r.starts_at = date_trunc('day', d.starts_at - interval '1 hour', 'UTC')
    CROSS JOIN LATERAL (
        SELECT array_position(r.bucket, extract(hour FROM (d.starts_at - interval '1 hour') AT TIME ZONE 'UTC')::smallint)
    ) p (place)
    WHERE p.place IS NOT NULL
),
-- Each sample with its increase over the one before it, unless that is older than an hour. A counter that falls has begun
-- anew from 0. Values that no difference can be made of are left out.
increases AS (
    SELECT
        starts_at, series_id, value, place, at,
        CASE
            WHEN NOT is_cumulative THEN NULL
            WHEN is_odd OR lag(at) OVER w IS NULL OR at - lag(at) OVER w > interval '1 hour' THEN 0
            WHEN value >= lag(value) OVER w THEN value - lag(value) OVER w
            ELSE greatest(value, 0)
        END AS increase
    FROM (
        SELECT *, is_cumulative AND NOT value BETWEEN -1e300 AND 1e300 AS is_odd FROM samples
    ) s
    WINDOW w AS (PARTITION BY starts_at, series_id, is_odd ORDER BY at, place)
)
