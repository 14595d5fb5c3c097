-- Tasks by process and status, with the statuses of the task endpoints: those at work or waiting in runs that are
-- running now, and all completed ones.
-- $1: this moment; $2: after how much silence a run is stale; $3: how many processes are shown by name.
WITH active AS MATERIALIZED (
    SELECT r.run_key, r.started_utc
    FROM run r
    WHERE (r.completed_utc IS NULL OR r.segment_start > r.completed_segment)
      AND run_state(r, $1::timestamptz, $2::interval[]) IN ('running', 'pending')
), counts AS (
    SELECT
        coalesce(task.process, '<null>') AS process,
        CASE WHEN task.started THEN 'RUNNING' ELSE 'SUBMITTED' END AS status,
        count(*) AS tasks
    FROM active
    JOIN task USING (run_key)
    WHERE NOT task.completed
      AND task.status_rank < 5
      AND (task.started OR task.submitted)
      AND task.last_utc >= coalesce(active.started_utc, '-infinity')
    GROUP BY 1, 2
    UNION ALL
    SELECT
        process,
        CASE WHEN status IN ('COMPLETED', 'FAILED', 'ABORTED', 'CACHED') THEN status ELSE 'UNKNOWN' END,
        sum(rows)
    FROM completion_rollup
    WHERE grain = 'year'
    GROUP BY 1, 2
), ranked AS (
    SELECT process, row_number() OVER (ORDER BY sum(tasks) DESC, process) AS rank
    FROM counts
    GROUP BY process
)
SELECT
    CASE WHEN ranked.rank <= $3::bigint THEN process ELSE 'other' END AS process,
    counts.status,
    sum(counts.tasks) AS tasks
FROM counts
JOIN ranked USING (process)
GROUP BY 1, 2
ORDER BY 1, 2
