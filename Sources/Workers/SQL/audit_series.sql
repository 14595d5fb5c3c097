-- Components with the most series, and how many of these have a lifetime of their own.
SELECT c.component_type, c.name, count(s.ttl) AS with_lifetime, count(s.series_id) AS series
FROM component c
JOIN series s USING (runtime_id)
GROUP BY c.component_type, c.name
ORDER BY series DESC, c.name
LIMIT 20
