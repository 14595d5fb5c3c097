INSERT INTO stage (id, pipeline_id, name, description, stage_handler_name, created_at, is_event, span_id)
SELECT s.*
FROM unnest(
    $1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::boolean[], $8::text[]
) AS s (id, pipeline, name, description, handler, created_at, is_event, span)
ON CONFLICT DO NOTHING
