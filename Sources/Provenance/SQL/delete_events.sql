-- Deletes events that happened before $1, the oldest first, $2 at most, with their sources and places.
WITH gone AS (
    DELETE FROM provenance_events
    WHERE id = ANY (ARRAY(
        SELECT id FROM provenance_events WHERE occurred_at < $1 ORDER BY occurred_at LIMIT $2
    ))
    RETURNING id, occurred_at, source_identifiers
), sources AS (
    DELETE FROM provenance_source s
    USING gone, unnest(gone.source_identifiers) AS source
    WHERE s.source_identifier = source AND s.occurred_at = gone.occurred_at AND s.event_id = gone.id
), places AS (
    DELETE FROM provenance_position WHERE event_id IN (SELECT id FROM gone)
)
SELECT count(*) AS deleted FROM gone
