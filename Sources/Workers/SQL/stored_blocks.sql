-- The blocks of a component in the order of their times, page by page. The arrays are in binary form, since the text of
-- a NaN does not say which one it is.
-- $1: id of the component; $2, $3: bounds of the samples' times; $4, $5: time and id of the block before the page;
-- $6: numbers of series that a block must have one of, or null; $7: how many blocks.
SELECT
    b.metric_id, b.received_at, b.first_at, b.last_at,
    array_send(b.series) AS series, array_send(b.after_us) AS after_us, array_send(b.value) AS value
FROM sample_block b
WHERE b.runtime_id = $1
  AND b.last_at >= $2
  -- No block spans more than an hour.
  AND b.last_at <= $3::timestamptz + interval '1 hour'
  AND b.first_at <= $3
  AND b.last_at >= $4
  AND (b.last_at, b.metric_id) > ($4, $5)
  -- To compare many with many takes longer than to read the block.
  AND ($6::integer[] IS NULL OR cardinality($6) > 64 OR b.series && $6)
ORDER BY b.last_at, b.metric_id
LIMIT $7
