-- Adds pings to the history of their checks.
INSERT INTO ping (
    id, check_id, at, kind, exit_status, rid, event_id, method, remote, user_agent, body, body_bytes
)
SELECT *
FROM unnest(
    $1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::bigint[], $6::uuid[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::bigint[]
)
ON CONFLICT (id) DO NOTHING
