-- The executions of a run as a trace needs them, the first one first. $1: the key of the run.
SELECT
    r.run_id, r.run_name, r.user_name, r.last_utc,
    coalesce(nullif(s.manifest ->> 'name', ''), nullif(r.project_name, ''), s.workflow ->> 'scriptName') AS project,
    s.manifest ->> 'version' AS version,
    nullif(s.segment_start, '-infinity') AS segment_start,
    coalesce(nullif(s.segment_start, '-infinity'), s.started_utc, r.first_utc) AS start,
    CASE WHEN s.completed_utc IS NOT NULL THEN coalesce(s.complete_at, s.completed_utc) END AS complete,
    s.success, s.exit_status, s.resume,
    left(coalesce(nullif(s.error_report, ''), s.error_message), 2000) AS error,
    coalesce(s.error_message ~ '\mSIG(INT|TERM|HUP)\M', false) AS is_aborted,
    left(s.workflow ->> 'repository', 500) AS repository,
    left(s.workflow ->> 'revision', 200) AS revision,
    left(s.workflow ->> 'commitId', 100) AS commit_id,
    left(s.workflow ->> 'profile', 200) AS profile,
    left(s.workflow ->> 'scriptName', 200) AS script,
    left(s.workflow -> 'nextflow' ->> 'version', 50) AS nextflow_version
FROM run r
JOIN run_segment s ON s.run_key = r.run_key
WHERE r.run_key = $1
-- A reconstructed segment holds the end of a run that told none itself.
ORDER BY s.segment_start = '-infinity' AND (s.workflow -> 'reconstructed' = 'true') IS TRUE, s.segment_start
LIMIT 100
