-- The stored events with these ids, and whether their payloads are those that were sent.
SELECT
    s.ordinal - 1 AS place, e.payload = s.payload::jsonb AS has_payload,
    e.id, e.occurred_at, e.event_type, e.project_module, e.source_identifier, e.execution_id, e.actor,
    e.correlation_id, e.payload::text AS payload, e.received_at, e.source_identifiers, e.trace_id, e.content_digest
FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS s (id, payload, ordinal)
JOIN provenance_events e ON e.id = s.id
