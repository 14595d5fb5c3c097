-- Every index, the largest first, with the number of its uses since statistics were reset. Partitions are added up.
WITH RECURSIVE named AS (
    SELECT i.indexrelid, i.indrelid, i.indexrelid AS root, i.indrelid AS root_table
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid
    WHERE c.relnamespace = current_schema()::regnamespace AND NOT c.relispartition
    UNION ALL
    SELECT h.inhrelid, i.indrelid, n.root, n.root_table
    FROM named n
    JOIN pg_inherits h ON h.inhparent = n.indexrelid
    JOIN pg_index i ON i.indexrelid = h.inhrelid
)
SELECT root::regclass::text AS index,
       root_table::regclass::text AS table,
       sum(pg_relation_size(n.indexrelid))::bigint AS bytes,
       coalesce(sum(s.idx_scan), 0)::bigint AS scans
FROM named n
LEFT JOIN pg_stat_user_indexes s ON s.indexrelid = n.indexrelid
GROUP BY root, root_table
ORDER BY bytes DESC, index
