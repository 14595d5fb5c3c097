-- The steps of the schema that were applied.
SELECT version, name, applied_at::timestamptz(0)::text AS applied
FROM weir_migration
ORDER BY version
