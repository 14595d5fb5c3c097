-- Runs that have ended and that their clients have not posted to an external service, by agent. Computed as the total
-- minus running and posted runs, which have indexes.
WITH total AS (
    SELECT coalesce(sum(runs), 0)::bigint AS runs FROM agent_run_tally WHERE facet = 'agent_name'
),
running AS (
    SELECT count(*) AS runs FROM agent_run WHERE status = 'running'
),
posted AS (
    SELECT count(*) AS runs FROM agent_run WHERE api_posted AND status <> 'running'
)
SELECT total.runs - running.runs - posted.runs AS pending, posted.runs AS posted, running.runs AS running
FROM total, running, posted
