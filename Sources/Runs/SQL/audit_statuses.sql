-- Runs by status. Most succeed: their number is the total minus the others, which have an index.
WITH others AS (
    SELECT status, count(*) AS runs FROM agent_run WHERE status <> 'success' GROUP BY status
),
total AS (
    SELECT coalesce(sum(runs), 0)::bigint AS runs FROM agent_run_tally WHERE facet = 'agent_name'
)
SELECT status, runs
FROM (
    SELECT status, runs FROM others
    UNION ALL
    SELECT 'success', runs - (SELECT coalesce(sum(runs), 0) FROM others)::bigint FROM total
) s
WHERE runs > 0
ORDER BY runs DESC, status
