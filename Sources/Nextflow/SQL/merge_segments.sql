-- Merges `started` and `completed` into the segments of their runs, identified by workflow.start. All facts of the
-- metadata come from the latest event, with a `completed` before any `started`.
-- $1, $2: first and last telemetry_id of the batch.
INSERT INTO run_segment AS s (
    run_key, segment_start, started_utc, completed_utc,
    told_by_completed, told_utc, told_digest,
    complete_at, duration_ms, success, exit_status, error_message, error_report,
    resume, parameters, workflow, manifest, stats
)
SELECT
    run_key, coalesce(workflow_start, '-infinity'),
    min(utc_time) FILTER (WHERE event = 'started'),
    max(utc_time) FILTER (WHERE event = 'completed'),
    (array_agg(event = 'completed' ORDER BY (event = 'completed') DESC, utc_time DESC, digest DESC))[1],
    (array_agg(utc_time ORDER BY (event = 'completed') DESC, utc_time DESC, digest DESC))[1],
    (array_agg(digest ORDER BY (event = 'completed') DESC, utc_time DESC, digest DESC))[1],
    (array_agg(complete_at ORDER BY (event = 'completed') DESC, utc_time DESC, digest DESC))[1],
    (array_agg(run_duration_ms ORDER BY (event = 'completed') DESC, utc_time DESC, digest DESC))[1],
    (array_agg(success ORDER BY (event = 'completed') DESC, utc_time DESC, digest DESC))[1],
    (array_agg(exit_status ORDER BY (event = 'completed') DESC, utc_time DESC, digest DESC))[1],
    (array_agg(error_message ORDER BY (event = 'completed') DESC, utc_time DESC, digest DESC))[1],
    (array_agg(error_report ORDER BY (event = 'completed') DESC, utc_time DESC, digest DESC))[1],
    (array_agg(resume ORDER BY (event = 'completed') DESC, utc_time DESC, digest DESC))[1],
    (array_agg(parameters ORDER BY (event = 'completed') DESC, utc_time DESC, digest DESC))[1],
    (array_agg(workflow ORDER BY (event = 'completed') DESC, utc_time DESC, digest DESC))[1],
    (array_agg(manifest ORDER BY (event = 'completed') DESC, utc_time DESC, digest DESC))[1],
    (array_agg(stats ORDER BY (event = 'completed') DESC, utc_time DESC, digest DESC))[1]
FROM stage_event
WHERE telemetry_id BETWEEN $1 AND $2
  AND event IN ('started', 'completed')
GROUP BY run_key, coalesce(workflow_start, '-infinity')
ORDER BY run_key, coalesce(workflow_start, '-infinity')
ON CONFLICT (run_key, segment_start) DO UPDATE SET
    started_utc   = least(s.started_utc, excluded.started_utc),
    completed_utc = greatest(s.completed_utc, excluded.completed_utc),
    (
        told_by_completed, told_utc, told_digest, complete_at, duration_ms, success,
        exit_status, error_message, error_report, resume, parameters, workflow, manifest, stats
    ) = (
        SELECT t.*
        FROM (VALUES
            (s.told_by_completed, s.told_utc, s.told_digest, s.complete_at, s.duration_ms, s.success, s.exit_status,
             s.error_message, s.error_report, s.resume, s.parameters, s.workflow, s.manifest, s.stats),
            (excluded.told_by_completed, excluded.told_utc, excluded.told_digest, excluded.complete_at,
             excluded.duration_ms, excluded.success, excluded.exit_status, excluded.error_message,
             excluded.error_report, excluded.resume, excluded.parameters, excluded.workflow, excluded.manifest, excluded.stats)
        ) AS t (by_completed, utc, digest)
        ORDER BY t.by_completed DESC, t.utc DESC, t.digest DESC
        LIMIT 1
    )
