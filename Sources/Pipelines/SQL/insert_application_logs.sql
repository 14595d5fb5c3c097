INSERT INTO application_log (id, application_id, message, log_level, created_at, received_at, keywords)
SELECT s.id, coalesce(a.id, 0), s.message, s.level, s.created_at, s.received_at, s.keywords::jsonb
FROM unnest(
    $1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[]
) AS s (id, application, message, level, created_at, received_at, keywords)
LEFT JOIN application a ON a.name = s.application
