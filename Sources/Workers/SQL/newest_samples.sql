-- The samples of the newest blocks of some components, the newest first, as arrays in binary form. The times are in
-- microseconds since 2000, as PostgreSQL sends them.
-- $1: ids of components; $2, $3: bounds of the samples' times; $4: numbers of series that a block must have one of,
-- or null; $5: how many blocks; $6: numbers of series, or null for all; $7: samples that arrived before this have
-- expired, unless they have a lifetime of their own; $8: this moment; $9: how many samples; $10, $11: time and id of
-- the last sample of the page before, or null; $12: what samples must refer to, or null; $13, $14: the trace and the
-- execution among these.
-- Samples that are later than `complete_at` are complete: blocks beyond the limit have none.
WITH blocks AS MATERIALIZED (
    SELECT b.*
    FROM unnest($1::bigint[]) AS c (runtime_id)
    CROSS JOIN LATERAL (
        SELECT *
        FROM sample_block b
        WHERE b.runtime_id = c.runtime_id
          AND b.last_at >= $2::timestamptz
          -- No block spans more than an hour.
          AND b.last_at <= $3::timestamptz + interval '1 hour'
          AND b.first_at <= $3
          AND ($4::integer[] IS NULL OR b.series && $4)
          AND ($12::text[] IS NULL OR b.trace_refs @> $12)
        ORDER BY b.last_at DESC
        LIMIT $5
    ) b
    ORDER BY b.last_at DESC
    LIMIT $5
), bounds AS (
    SELECT count(*) AS blocks, min(last_at) AS complete_at FROM blocks
), samples AS (
    SELECT
        b.metric_id + e.place - 1 AS metric_id, b.runtime_id, b.received_at, e.series_id, e.value,
        CASE WHEN b.exemplars IS NOT NULL THEN b.exemplars -> e.place::text END AS exemplar,
        b.first_at + coalesce(e.after_us, 0) * interval '1 microsecond' AS at
    FROM blocks b
    CROSS JOIN LATERAL unnest(b.series, b.after_us, b.value) WITH ORDINALITY AS e (series_id, after_us, value, place)
), lifetimes AS MATERIALIZED (
    SELECT s.series_id, s.ttl, s.ttl_set_at
    FROM series s
    WHERE s.runtime_id = ANY ($1)
      AND s.ttl IS NOT NULL
), page AS (
    SELECT m.*
    FROM samples m
    LEFT JOIN lifetimes s ON s.series_id = m.series_id
    WHERE m.at BETWEEN $2 AND $3
      AND ($6::integer[] IS NULL OR m.series_id = ANY ($6))
      AND ($13::text IS NULL OR m.exemplar ->> 'trace_id' = $13)
      AND ($14::text IS NULL OR m.exemplar ->> 'execution_id' = $14)
      AND ($10::timestamptz IS NULL OR (m.at, m.metric_id) < ($10, $11::bigint))
      AND CASE
          WHEN s.ttl IS NULL THEN m.received_at >= $7
          ELSE greatest(m.received_at, s.ttl_set_at) + s.ttl > $8
      END
    ORDER BY m.at DESC, m.metric_id DESC
    LIMIT $9
)
-- A row for each sample would take several times as long to send and to read.
SELECT
    bounds.blocks, bounds.complete_at,
    array_send(arrays.metric_ids) AS metric_ids, array_send(arrays.series) AS series,
    array_send(arrays.times) AS times, array_send(arrays.arrivals) AS arrivals,
    array_send(arrays.values) AS values, arrays.exemplars
FROM bounds
CROSS JOIN (
    SELECT
        array_agg(p.metric_id) AS metric_ids, array_agg(p.series_id) AS series, array_agg(p.at) AS times,
        array_agg(p.received_at) AS arrivals, array_agg(p.value) AS values,
        array_agg(p.exemplar::text) FILTER (WHERE $12 IS NOT NULL) AS exemplars
    FROM page p
) arrays
