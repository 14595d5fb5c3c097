-- Runs by agent, job type and status, from the stored counts. $1: how many pairs of agent and job type, those with
-- the most runs, are shown by name; the others are added up as `other`.
WITH counts AS MATERIALIZED (
    SELECT
        left(value::json ->> 0, 200) AS agent_name,
        left(value::json ->> 1, 200) AS job_type,
        value::json ->> 2 AS status,
        runs,
        last_at
    FROM agent_run_tally
    WHERE facet = 'agent_job_status'
), ranked AS (
    SELECT
        agent_name, job_type,
        row_number() OVER (ORDER BY sum(runs) DESC, agent_name COLLATE "C", job_type COLLATE "C") <= $1::bigint AS is_named
    FROM counts
    GROUP BY agent_name, job_type
)
SELECT
    CASE WHEN is_named THEN agent_name ELSE 'other' END AS agent_name,
    CASE WHEN is_named THEN job_type ELSE 'other' END AS job_type,
    status,
    sum(runs)::bigint AS runs,
    max(last_at) FILTER (WHERE status = 'success') AS last_success
FROM counts
JOIN ranked USING (agent_name, job_type)
GROUP BY 1, 2, 3
