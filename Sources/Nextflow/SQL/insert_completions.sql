-- Inserts the completions of a batch that are not there yet, and tells which were new.
-- $1, $2: first and last telemetry_id of the batch.
INSERT INTO completion (
    run_key, completion_key, telemetry_id, utc_time, has_process, process, attempt, status, exit, error_action,
    task_id, hash, name, sample_id,
    realtime_ms, cpus, memory, time_ms, pct_cpu, pct_mem, peak_rss, read_bytes, write_bytes, rchar, wchar
)
SELECT
    run_key, completion_key, telemetry_id, utc_time, process IS NOT NULL, coalesce(process, '<null>'),
    coalesce(attempt, 0), coalesce(status, ''), coalesce(exit, '<null>'), coalesce(error_action, ''),
    task_id, hash, name, split_part(tag, ':', 1),
    realtime_ms, cpus, memory, time_ms, pct_cpu, pct_mem, peak_rss, read_bytes, write_bytes, rchar, wchar
FROM stage_event
WHERE telemetry_id BETWEEN $1 AND $2
  AND completion_key IS NOT NULL
ORDER BY run_key, completion_key, telemetry_id
ON CONFLICT (run_key, completion_key) DO NOTHING
RETURNING telemetry_id
