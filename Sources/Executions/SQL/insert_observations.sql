INSERT INTO execution_observation (
    uuid, execution_id, kind, normalized_state, raw_state, reason, payload, source_version, observed_at
)
SELECT
    s.uuid, s.execution_id, s.kind, s.normalized_state, s.raw_state, s.reason, s.payload::jsonb, s.source_version,
    s.observed_at
FROM unnest(
    $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::timestamptz[]
) AS s (uuid, execution_id, kind, normalized_state, raw_state, reason, payload, source_version, observed_at)
ON CONFLICT DO NOTHING
