-- Deletes the oldest runs before $1, at most $2, and answers how many went of each agent and job type, so that their
-- counts can follow in the same transaction. Runs that a loader has in its hands stay for the next time.
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
    RETURNING r.agent_name, r.job_type
)
SELECT agent_name, job_type, count(*) AS runs
FROM gone
GROUP BY agent_name, job_type
