-- Heartbeats, one for each component. $1: ids, $2: types, $3: names, $4: arrivals.
INSERT INTO component AS r (
    runtime_id, component_type, name, status, runtime, last_heartbeat, created_at, updated_at, reported_status
)
SELECT
    b.runtime_id, b.component_type, b.name, '',
    '{"type": "unknown", "pid": null, "hostname": null, "adopted": true}', b.at, b.at, b.at, 'ready'
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[]) AS b (runtime_id, component_type, name, at)
ORDER BY b.component_type, b.name
ON CONFLICT (component_type, name) DO UPDATE SET
    reported_status = CASE WHEN excluded.last_heartbeat >= r.last_heartbeat THEN 'ready' ELSE r.reported_status END,
    last_heartbeat = greatest(excluded.last_heartbeat, r.last_heartbeat),
    created_at = least(excluded.created_at, r.created_at),
    updated_at = greatest(excluded.updated_at, r.updated_at)
