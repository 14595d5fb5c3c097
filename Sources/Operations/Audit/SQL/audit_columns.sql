-- The columns of every table and view; partitions have those of their tables.
SELECT c.relname::text AS relation,
       CASE c.relkind WHEN 'v' THEN 'view' ELSE 'table' END AS kind,
       a.attname::text AS column,
       format_type(a.atttypid, a.atttypmod) AS type,
       CASE WHEN a.attnotnull THEN 'not null' ELSE '' END AS "null"
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
ORDER BY c.relkind = 'v', c.relname, a.attnum
