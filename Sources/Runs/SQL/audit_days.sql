-- Runs by the UTC day of their start_time, the newest first. A run whose start_time is not a time is left out.
SELECT start_instant::date::text AS day, count(*) AS runs
FROM agent_run
WHERE start_instant IS NOT NULL
GROUP BY start_instant::date
ORDER BY start_instant::date DESC
LIMIT 60
