-- Components by type and status.
SELECT component_type, status, count(*) AS components, min(last_heartbeat) AS oldest_heartbeat
FROM component
GROUP BY component_type, status
ORDER BY component_type, status
