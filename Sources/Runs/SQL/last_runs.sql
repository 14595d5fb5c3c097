-- When each agent was heard of last: at all, when it began, when it succeeded. From the counts, so that it costs the same
-- however many runs there are. With $1 only that agent.
SELECT
    value::json ->> 0                                                AS agent_name,
    max(last_at)                                                     AS last_at,
    max(last_at) FILTER (WHERE value::json ->> 2 = 'running')        AS started_at,
    max(last_at) FILTER (WHERE value::json ->> 2 = 'success')        AS succeeded_at
FROM agent_run_tally
WHERE facet = 'agent_job_status' AND last_at IS NOT NULL
  AND ($1::text IS NULL OR value::json ->> 0 = $1)
GROUP BY 1
ORDER BY 1
