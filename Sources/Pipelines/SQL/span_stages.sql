-- A stage begins with its first attempt: later ones overwrite its own time.
SELECT
    s.id, s.name, s.status, s.span_id, s.stage_handler_name, s.retry_attempt, s.finished_at,
    least(s.started_at, r.first_started_at) AS first_started_at,
    coalesce(r.attempts, '{}') AS attempts, coalesce(r.failures, '{}') AS failures
FROM stage s
LEFT JOIN LATERAL (
    SELECT
        min(started_at) AS first_started_at, array_agg(attempt ORDER BY failed_at, attempt) AS attempts,
        array_agg(failed_at ORDER BY failed_at, attempt) AS failures
    FROM stage_retry WHERE stage_id = s.id
) r ON true
WHERE s.pipeline_id = $1 AND s.id > $2
ORDER BY s.id
LIMIT $3
