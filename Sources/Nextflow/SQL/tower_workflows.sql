-- Runs as Tower's API shows them, in the order of their keys in $1, each with its latest execution.
-- $1: the keys; $2: now; $3: the silences after which a run is stale; $4: whether everything is asked for, and not only what a
-- list of runs can have: clients may tell megabytes of each.
SELECT
    r.run_key, r.run_id, r.run_name, run_state(r, $2::timestamptz, $3::interval[]) AS state,
    r.first_utc, r.started_utc, r.last_utc, r.first_received_at, r.last_received_at, r.user_name, r.project_name,
    t.workflow_id, t.workspace_id,
    CASE
        WHEN $4::boolean THEN t.progress
        WHEN octet_length((t.progress - 'processes')::text) < 65536 THEN t.progress - 'processes'
    END AS progress,
    coalesce(nullif(s.segment_start, '-infinity'), s.started_utc) AS start,
    CASE WHEN s.completed_utc IS NOT NULL THEN coalesce(s.complete_at, s.completed_utc) END AS complete,
    s.duration_ms, s.success, s.exit_status, s.resume,
    CASE WHEN $4 THEN s.error_message ELSE left(s.error_message, 2000) END AS error_message,
    CASE WHEN $4 THEN s.error_report END AS error_report,
    CASE WHEN $4 THEN s.parameters END AS parameters,
    CASE WHEN $4 OR octet_length(s.workflow::text) < 65536 THEN s.workflow END AS workflow,
    CASE WHEN $4 OR octet_length(s.manifest::text) < 65536 THEN s.manifest END AS manifest,
    CASE
        WHEN $4 THEN s.stats
        WHEN jsonb_typeof(s.stats) <> 'object' THEN NULL
        WHEN octet_length((s.stats - 'processes')::text) < 65536 THEN s.stats - 'processes'
    END AS stats
FROM unnest($1::uuid[]) WITH ORDINALITY AS k (run_key, place)
JOIN run r USING (run_key)
LEFT JOIN run_tower t USING (run_key)
LEFT JOIN LATERAL (
    SELECT *
    FROM run_segment
    WHERE run_key = r.run_key
      -- As with the executions of a run: what an import reconstructed counts if the run reported none itself.
      AND (
          segment_start > '-infinity'
          OR workflow -> 'reconstructed' IS DISTINCT FROM 'true'
          OR NOT EXISTS (
              SELECT FROM run_segment told
              WHERE told.run_key = r.run_key AND told.segment_start > '-infinity' AND told.completed_utc IS NOT NULL
          )
      )
    ORDER BY (segment_start = '-infinity' AND (workflow -> 'reconstructed' = 'true') IS TRUE) DESC, segment_start DESC
    LIMIT 1
) s ON true
ORDER BY k.place
