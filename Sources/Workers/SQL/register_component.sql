-- A registration. $1: id, $2: type, $3: name, $4: address, $5: status, $6: labels, $7: capacity, $8: runtime,
-- $9: arrival. Registrations and heartbeats may be applied in any order: the latest one counts.
INSERT INTO component AS r (
    runtime_id, component_type, name, base_url, status, labels, capacity, runtime,
    last_heartbeat, created_at, updated_at, reported_status, registered_at
)
VALUES ($1, $2, $3, $4, '', $6::jsonb, $7, $8::jsonb, $9, $9, $9, $5, $9)
ON CONFLICT (component_type, name) DO UPDATE SET
    base_url = CASE WHEN excluded.registered_at >= coalesce(r.registered_at, '-infinity') THEN excluded.base_url ELSE r.base_url END,
    labels = CASE WHEN excluded.registered_at >= coalesce(r.registered_at, '-infinity') THEN excluded.labels ELSE r.labels END,
    capacity = CASE WHEN excluded.registered_at >= coalesce(r.registered_at, '-infinity') THEN excluded.capacity ELSE r.capacity END,
    runtime = CASE WHEN excluded.registered_at >= coalesce(r.registered_at, '-infinity') THEN excluded.runtime ELSE r.runtime END,
    reported_status = CASE WHEN excluded.registered_at >= r.last_heartbeat THEN excluded.reported_status ELSE r.reported_status END,
    registered_at = greatest(excluded.registered_at, r.registered_at),
    last_heartbeat = greatest(excluded.last_heartbeat, r.last_heartbeat),
    created_at = least(excluded.created_at, r.created_at),
    updated_at = greatest(excluded.updated_at, r.updated_at)
