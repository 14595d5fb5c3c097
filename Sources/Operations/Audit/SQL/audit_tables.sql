-- The tables of this schema with their estimated rows; a partitioned table with the sum of its partitions.
SELECT c.relname::text AS name,
       CASE WHEN c.relkind = 'p' THEN coalesce(parts.rows, 0) ELSE c.reltuples END::bigint AS estimate,
       coalesce(parts.unknown, c.reltuples < 0) AS is_unknown,
       coalesce(parts.count, 0) AS partitions
FROM pg_class c
LEFT JOIN LATERAL (
    SELECT sum(greatest(p.reltuples, 0)) AS rows, bool_or(p.reltuples < 0) AS unknown, count(*) AS count
    FROM pg_inherits i
    JOIN pg_class p ON p.oid = i.inhrelid
    WHERE i.inhparent = c.oid AND c.relkind = 'p'
    HAVING count(*) > 0
) parts ON true
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY c.relname
