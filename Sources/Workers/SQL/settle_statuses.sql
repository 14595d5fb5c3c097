-- The statuses that follow from the other columns, and what they were. $1: types, $2: names.
UPDATE component r
SET status = component_status(r)
FROM component was
WHERE was.runtime_id = r.runtime_id
  AND (r.component_type, r.name) IN (
      SELECT k.component_type, k.name FROM unnest($1::text[], $2::text[]) AS k (component_type, name)
  )
  AND r.status <> component_status(r)
RETURNING r.component_type, r.name, was.status AS old_status, r.status AS new_status,
    r.deregistered_at >= r.last_heartbeat AS is_deregistered, r.last_heartbeat,
    -- What the component said of itself, where it is short enough for a message.
    left(coalesce(r.labels ->> 'project', r.runtime ->> 'project'), 200) AS project,
    left(r.runtime ->> 'hostname', 200) AS hostname,
    left(r.runtime ->> 'version', 200) AS version,
    left(nullif(r.runtime ->> 'type', 'unknown'), 200) AS runtime,
    CASE WHEN octet_length(r.labels::text) <= 4096 THEN r.labels::text END AS labels
