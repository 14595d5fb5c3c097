-- What other features are told of executions that have begun or ended, each with the task that failed first.
-- $1: the keys of their runs, $2: their starts, null for an execution that told none.
SELECT
    s.run_key, nullif(s.segment_start, '-infinity') AS start,
    r.run_id, r.run_name,
    coalesce(nullif(s.manifest ->> 'name', ''), nullif(r.project_name, ''), s.workflow ->> 'scriptName') AS project,
    r.user_name, s.resume, s.duration_ms, s.exit_status,
    left(coalesce(nullif(s.error_report, ''), s.error_message), 2000) AS error,
    f.process, f.task_id, left(f.name, 500) AS name, f.attempt, f.exit
FROM unnest($1::uuid[], $2::timestamptz[]) AS e (run_key, start)
JOIN run r ON r.run_key = e.run_key
JOIN run_segment s ON s.run_key = e.run_key AND s.segment_start = coalesce(e.start, '-infinity')
LEFT JOIN LATERAL (
    SELECT c.process, c.task_id, c.name, c.attempt, c.exit
    FROM completion c
    WHERE c.status = 'FAILED'
      AND c.utc_time BETWEEN greatest(r.first_utc, date_trunc('second', s.segment_start)) AND r.last_utc
      -- As a range, lest the tasks of the run are read: the failures of all runs are fewer.
      AND c.run_key >= s.run_key AND c.run_key <= s.run_key
      AND c.error_action NOT IN ('RETRY', 'IGNORE')
      AND s.completed_utc IS NOT NULL
      AND s.success IS NOT TRUE
    -- Nextflow names what it does about a failure that ends the run.
    ORDER BY c.error_action = '', c.utc_time, c.completion_key
    LIMIT 1
) f ON true
