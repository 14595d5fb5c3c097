-- The runs that a batch touches, locked in the order of their keys: another Weir may want some of them.
SELECT event_key, received_at, document
FROM agent_run
WHERE event_key = ANY ($1::uuid[])
ORDER BY event_key
FOR UPDATE
