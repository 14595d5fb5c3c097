-- The applied steps of the schema.
SELECT version, name, applied_at::timestamptz(0)::text AS applied
FROM weir_migration
ORDER BY version
