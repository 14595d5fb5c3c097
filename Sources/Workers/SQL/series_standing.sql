-- How some series stand ($1: their numbers), as arrays in binary form: when their descriptions arrived; and of those with
-- a lifetime of their own the moment after which samples arrived that are shown. $2: this moment.
SELECT
    array_send(array_agg(s.series_id)) AS series,
    array_send(array_agg(s.described_at)) AS described_at,
    array_send(array_agg(s.series_id) FILTER (WHERE s.ttl IS NOT NULL)) AS limited,
    array_send(
        array_agg(CASE WHEN s.ttl_set_at + s.ttl > $2 THEN '0001-01-01 00:00:00+00' ELSE $2::timestamptz - s.ttl END)
            FILTER (WHERE s.ttl IS NOT NULL)
    ) AS kept_after
FROM unnest($1::integer[]) AS n (series_id)
JOIN series s USING (series_id)
