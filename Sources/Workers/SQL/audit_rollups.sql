-- Hours of components that have ended and are not rolled up: more than a few mean that the maintenance job does not run.
SELECT date_trunc('day', hour, 'UTC') AS day, count(*) AS hours, count(DISTINCT runtime_id) AS components,
       min(received_at) AS oldest_arrival
FROM rollup_due
WHERE hour < now() - interval '65 minutes'
GROUP BY 1
ORDER BY 1 DESC
