-- Stores events whose ids are new, with their sources, and gives their ids back. Each waits for its place in the live
-- order, which is that in which they were sent.
WITH sent AS (
    SELECT s.*, ARRAY(SELECT jsonb_array_elements_text(s.sources::jsonb)) AS source_identifiers
    FROM unnest(
        $1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[],
        $9::text[], $10::timestamptz[], $11::text[], $12::text[], $13::uuid[]
    ) WITH ORDINALITY AS s (
        id, occurred_at, event_type, project_module, source_identifier, execution_id, actor, correlation_id,
        payload, received_at, sources, trace_id, content_digest, ordinal
    )
), fresh AS (
    INSERT INTO provenance_events (
        id, occurred_at, event_type, project_module, source_identifier, execution_id, actor, correlation_id,
        payload, received_at, source_identifiers, trace_id, content_digest
    )
    SELECT
        id, occurred_at, event_type, project_module, source_identifier, execution_id, actor, correlation_id,
        payload::jsonb, received_at, source_identifiers, trace_id, content_digest
    FROM sent
    ORDER BY ordinal
    ON CONFLICT (id) DO NOTHING
    RETURNING id, occurred_at, source_identifiers
), sources AS (
    INSERT INTO provenance_source (source_identifier, occurred_at, event_id)
    SELECT DISTINCT source, occurred_at, id
    FROM fresh, unnest(source_identifiers) AS source
), waiting AS (
    INSERT INTO provenance_unplaced (event_id)
    -- `IS TRUE` makes it one look into a hash for each event, not a join: that would compare each event with all.
    SELECT id FROM sent WHERE (id IN (SELECT id FROM fresh)) IS TRUE ORDER BY ordinal
)
SELECT id FROM fresh
