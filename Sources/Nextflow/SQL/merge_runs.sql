-- Merges the events of a batch into their runs. Every column is a least, a greatest, or belongs to the latest
-- `completed`, so that the order of application does not matter.
-- A workflow_start of -infinity marks the `started` and `completed` that an import reconstructed. Such a `started`
-- does not reopen a run; such a `completed` ends every execution (its segment is infinity), but counts only while
-- there is no other.
-- $1, $2: first and last telemetry_id of the batch.
INSERT INTO run AS r (
    run_key, run_id, run_name, first_utc, last_utc, first_received_at, last_received_at,
    started_utc, segment_start, task_utc, progress_utc, error_utc,
    completed_utc, completed_digest, completed_segment, success, error_message,
    user_name, project_name, tower_utc, weblog_utc
)
SELECT
    run_key, min(run_id), min(run_name),
    min(utc_time), max(utc_time), min(received_at), max(received_at),
    max(utc_time) FILTER (WHERE event = 'started'),
    max(coalesce(workflow_start, utc_time)) FILTER (WHERE event = 'started'),
    max(utc_time) FILTER (WHERE event IN ('process_submitted', 'process_started', 'process_completed', 'tower.task')),
    max(utc_time) FILTER (WHERE event IN ('process_submitted', 'process_started')),
    max(utc_time) FILTER (WHERE event = 'error'),
    (array_agg(utc_time ORDER BY (workflow_start = '-infinity') IS TRUE, utc_time DESC, digest DESC)
        FILTER (WHERE event = 'completed'))[1],
    (array_agg(digest ORDER BY (workflow_start = '-infinity') IS TRUE, utc_time DESC, digest DESC)
        FILTER (WHERE event = 'completed'))[1],
    (array_agg(
        CASE WHEN workflow_start = '-infinity' THEN 'infinity' ELSE coalesce(workflow_start, utc_time) END
        ORDER BY (workflow_start = '-infinity') IS TRUE, utc_time DESC, digest DESC
    ) FILTER (WHERE event = 'completed'))[1],
    (array_agg(coalesce(success, false) ORDER BY (workflow_start = '-infinity') IS TRUE, utc_time DESC, digest DESC)
        FILTER (WHERE event = 'completed'))[1],
    (array_agg(error_message ORDER BY (workflow_start = '-infinity') IS TRUE, utc_time DESC, digest DESC)
        FILTER (WHERE event = 'completed'))[1],
    max(user_name), max(project_name), max(utc_time) FILTER (WHERE is_tower), max(utc_time) FILTER (WHERE NOT is_tower)
FROM stage_event
WHERE telemetry_id BETWEEN $1 AND $2
GROUP BY run_key
ORDER BY run_key
ON CONFLICT (run_key) DO UPDATE SET
    first_utc         = least(r.first_utc, excluded.first_utc),
    last_utc          = greatest(r.last_utc, excluded.last_utc),
    first_received_at = least(r.first_received_at, excluded.first_received_at),
    last_received_at  = greatest(r.last_received_at, excluded.last_received_at),
    started_utc       = greatest(r.started_utc, excluded.started_utc),
    segment_start     = greatest(r.segment_start, excluded.segment_start),
    task_utc          = greatest(r.task_utc, excluded.task_utc),
    progress_utc      = greatest(r.progress_utc, excluded.progress_utc),
    error_utc         = greatest(r.error_utc, excluded.error_utc),
    user_name         = greatest(r.user_name, excluded.user_name),
    project_name      = greatest(r.project_name, excluded.project_name),
    tower_utc         = greatest(r.tower_utc, excluded.tower_utc),
    weblog_utc        = greatest(r.weblog_utc, excluded.weblog_utc),
    (completed_utc, completed_digest, completed_segment, success, error_message) = (
        SELECT c.*
        FROM (VALUES
            (r.completed_utc, r.completed_digest, r.completed_segment, r.success, r.error_message),
            (excluded.completed_utc, excluded.completed_digest, excluded.completed_segment,
             excluded.success, excluded.error_message)
        ) AS c (utc, digest, segment, success, message)
        ORDER BY c.segment < 'infinity' DESC NULLS LAST, c.utc DESC NULLS LAST, c.digest DESC NULLS LAST
        LIMIT 1
    )
