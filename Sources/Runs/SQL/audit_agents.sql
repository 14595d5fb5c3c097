-- Runs by agent, from the stored counts.
SELECT value AS agent, runs
FROM agent_run_tally
WHERE facet = 'agent_name' AND runs > 0
ORDER BY runs DESC, value
LIMIT 100
