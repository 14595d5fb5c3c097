-- The executions of a run, the first one first. $1: the key of the run.
SELECT
    CASE
        WHEN segment_start > '-infinity' THEN segment_start
        WHEN workflow -> 'reconstructed' = 'true' THEN started_utc
    END AS start,
    nullif(segment_start, '-infinity') AS segment_start,
    started_utc, completed_utc, complete_at AS complete,
    duration_ms, success, exit_status, error_message, error_report, resume,
    parameters, workflow, manifest, stats
FROM run_segment
WHERE run_key = $1
  -- Segments that an import reconstructed from a trace file are shown only if the run reported none itself.
  AND (
      segment_start > '-infinity'
      OR workflow -> 'reconstructed' IS DISTINCT FROM 'true'
      OR NOT EXISTS (
          SELECT FROM run_segment told
          WHERE told.run_key = $1 AND told.segment_start > '-infinity' AND told.completed_utc IS NOT NULL
      )
  )
-- A reconstructed segment comes last: it holds the end of the run.
ORDER BY segment_start = '-infinity' AND (workflow -> 'reconstructed' = 'true') IS TRUE, segment_start
