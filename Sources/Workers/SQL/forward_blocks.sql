-- The next rows of samples to forward, in the order in which a journal received them.
-- $1: the journal; $2, $3: when the last forwarded row arrived, and the latest arrival; $4: id of that row's first
-- sample; $5: how many rows. Only these are unpacked.
SELECT
    b.metric_id, b.received_at, b.first_at, b.last_at,
    array_send(b.series) AS series, array_send(b.after_us) AS after_us, array_send(b.value) AS value
FROM (
    SELECT c.*
    FROM sample_block c
    WHERE c.journal_id = $1
      AND c.received_at >= $2
      AND c.received_at <= $3
      AND (c.received_at, c.metric_id) > ($2, $4)
    ORDER BY c.received_at, c.metric_id
    LIMIT $5
) b
ORDER BY b.received_at, b.metric_id
