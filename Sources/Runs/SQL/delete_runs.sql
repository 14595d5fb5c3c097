-- Deletes the oldest runs before $1, at most $2, and returns how many were deleted of each agent, job type, status
-- and hour, so that the counts can be updated in the same transaction. Runs that a loader has locked wait for the
-- next time.
WITH old AS (
    SELECT event_key
    FROM agent_run
    WHERE created_order < $1
    ORDER BY created_order
    LIMIT $2
    FOR UPDATE SKIP LOCKED
),
gone AS (
    DELETE FROM agent_run r
    USING old
    WHERE r.event_key = old.event_key
    RETURNING r.agent_name, r.job_type, r.status, r.created_order
)
SELECT agent_name, job_type, status, date_trunc('hour', created_order, 'UTC') AS hour, count(*) AS runs
FROM gone
GROUP BY agent_name, job_type, status, hour
