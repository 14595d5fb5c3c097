-- The disk space of every table, with its indexes and TOAST data, and the dead rows that VACUUM has to clear.
-- Partitions are added up.
SELECT coalesce(i.inhparent, c.oid)::regclass::text AS table,
       sum(pg_total_relation_size(c.oid))::bigint AS bytes,
       sum(pg_indexes_size(c.oid))::bigint AS index_bytes,
       coalesce(sum(s.n_live_tup), 0)::bigint AS live_rows,
       coalesce(sum(s.n_dead_tup), 0)::bigint AS dead_rows,
       max(greatest(s.last_vacuum, s.last_autovacuum))::timestamptz(0)::text AS vacuumed
FROM pg_class c
LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
GROUP BY coalesce(i.inhparent, c.oid)
ORDER BY bytes DESC
