-- Samples of series that do not exist any more: their component was deleted. Nothing shows them; their day takes them away.
SELECT (b.received_at AT TIME ZONE 'UTC')::date AS day, count(*) AS samples, count(DISTINCT e.series_id) AS series
FROM sample_block b
CROSS JOIN LATERAL unnest(b.series) AS e (series_id)
LEFT JOIN series s ON s.series_id = e.series_id
WHERE s.series_id IS NULL
GROUP BY 1
ORDER BY 1 DESC
