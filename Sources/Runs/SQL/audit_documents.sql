-- The largest records of runs, as they are stored (compressed).
SELECT event_id, agent_name AS agent, pg_column_size(document)::bigint AS bytes
FROM agent_run
ORDER BY pg_column_size(document) DESC, event_key
LIMIT 10
