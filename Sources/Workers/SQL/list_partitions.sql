-- The days of which samples are stored, with their sizes; the newest first.
SELECT
    to_date(right(c.relname, 8), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC' AS day,
    coalesce(n.samples, 0) AS samples,
    pg_total_relation_size(c.oid) AS bytes,
    n.oldest,
    n.newest
FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid
LEFT JOIN (
    SELECT tableoid, sum(cardinality(value))::bigint AS samples, min(first_at) AS oldest, max(last_at) AS newest
    FROM sample_block
    GROUP BY tableoid
) n ON n.tableoid = c.oid
WHERE i.inhparent = 'sample_block'::regclass
ORDER BY c.relname DESC
