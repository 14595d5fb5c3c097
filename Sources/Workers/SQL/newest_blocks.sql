-- The newest blocks of some components, the newest first. The arrays are in binary form.
-- $1: ids of components; $2, $3: bounds of the samples' times; $4: how many blocks.
SELECT
    b.metric_id, b.received_at, b.first_at, b.last_at,
    array_send(b.series) AS series, array_send(b.after_us) AS after_us, array_send(b.value) AS value
FROM unnest($1::bigint[]) AS c (runtime_id)
CROSS JOIN LATERAL (
    SELECT *
    FROM sample_block b
    WHERE b.runtime_id = c.runtime_id
      AND b.last_at >= $2::timestamptz
      -- No block spans more than an hour.
      AND b.last_at <= $3::timestamptz + interval '1 hour'
      AND b.first_at <= $3
    ORDER BY b.last_at DESC
    LIMIT $4
) b
ORDER BY b.last_at DESC
LIMIT $4
