SELECT
    s.id, s.pipeline_id, s.name, s.stage_handler_name, s.status, s.started_at, s.finished_at, s.is_skipped, s.is_event,
    s.retry_attempt, s.next_retry_at, coalesce(o.max_retries, 0) AS max_retries,
    coalesce(o.retry_interval, 0) AS retry_interval
FROM stage s
LEFT JOIN stage_options o ON o.stage_id = s.id
WHERE s.pipeline_id = ANY ($1::bigint[])
ORDER BY s.pipeline_id, s.id
