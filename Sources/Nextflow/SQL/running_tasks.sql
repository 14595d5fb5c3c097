-- Tasks at work and waiting tasks of the runs that are running now. Contract nextflow 3, running.
-- $1: this moment; $2: after how much silence a run is stale; $3: run name; $4: process; $5: executor;
-- $6: machine type; null for all.
WITH active AS MATERIALIZED (
    SELECT r.run_key, r.started_utc
    FROM run r
    WHERE (r.completed_utc IS NULL OR r.segment_start > r.completed_segment)
      AND run_state(r, $1::timestamptz, $2::interval[]) IN ('running', 'pending')
      AND ($3::text IS NULL OR r.run_name = $3)
), open AS (
    SELECT task.*
    FROM active
    JOIN task USING (run_key)
    WHERE NOT task.completed
      AND task.status_rank < 5
      AND (task.started OR task.submitted)
      -- Open tasks of an earlier execution are not at work.
      AND task.last_utc >= coalesce(active.started_utc, '-infinity')
      AND ($4::text IS NULL OR coalesce(task.process, '<null>') = $4)
      AND ($5::text IS NULL OR task.executor = $5)
      AND ($6::text IS NULL OR task.machine_type = $6)
)
SELECT
    (SELECT count(*) FROM active) AS active_runs,
    coalesce(process, '<null>') AS process,
    count(*) FILTER (WHERE started) AS running,
    count(*) FILTER (WHERE NOT started) AS queued
FROM open
GROUP BY coalesce(process, '<null>')
UNION ALL
-- Returns the number of runs even without tasks.
SELECT count(*), NULL, 0, 0 FROM active
ORDER BY running DESC, queued DESC, process
