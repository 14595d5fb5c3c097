-- Provenance events by type.
SELECT
    event_type AS type, count(*) AS events, count(DISTINCT project_module) AS projects,
    min(occurred_at)::timestamptz(0)::text AS oldest, max(occurred_at)::timestamptz(0)::text AS newest
FROM provenance_events
GROUP BY event_type
ORDER BY events DESC, event_type
