INSERT INTO execution_artifact (
    uuid, execution_id, kind, storage_kind, uri, inline_json, media_type, sha256, size_bytes, producer_phase, metadata,
    created_at
)
SELECT
    s.uuid, s.execution_id, s.kind, s.storage_kind, s.uri, s.inline_json::jsonb, s.media_type, s.sha256, s.size_bytes,
    s.producer_phase, s.metadata::jsonb, s.created_at
FROM unnest(
    $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[],
    $10::text[], $11::text[], $12::timestamptz[]
) AS s (
    uuid, execution_id, kind, storage_kind, uri, inline_json, media_type, sha256, size_bytes, producer_phase, metadata,
    created_at
)
ON CONFLICT DO NOTHING
