-- Received spans of each service, the most first.
SELECT
    coalesce(service, '') AS service,
    count(*) AS spans,
    count(DISTINCT trace_id) AS traces,
    count(*) FILTER (WHERE status = 2) AS errors,
    min(received_at) AS first_received,
    max(received_at) AS last_received
FROM span
GROUP BY service
ORDER BY spans DESC, service
LIMIT 100
