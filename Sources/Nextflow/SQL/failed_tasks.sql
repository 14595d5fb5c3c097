-- The attempts of tasks that failed for good and were not told before.
--
-- A failure is final when Nextflow says so (TERMINATE, FINISH). One of which it says nothing (a task that could not be
-- submitted) is final once its execution has failed, unless a later attempt of the task is known: it is looked at when
-- it is new, and again when its execution ends. What an import told is history.
-- $1, $2: the runs and keys of new failures that are neither retried nor ignored; $3, $4: runs and starts of executions
-- whose failure is new, the start null where none was told.
-- A run's key is compared as a range where the failures or the retries of all runs are fewer than the tasks of one.
WITH ended AS MATERIALIZED (
    SELECT e.run_key, coalesce(e.start, '-infinity') AS segment_start
    FROM unnest($3::uuid[], $4::timestamptz[]) AS e (run_key, start)
), candidate AS MATERIALIZED (
    SELECT n.run_key, n.completion_key, true AS is_new
    FROM unnest($1::uuid[], $2::uuid[]) AS n (run_key, completion_key)
    UNION ALL
    SELECT r.run_key, o.completion_key, false
    FROM (SELECT DISTINCT run_key FROM ended) e
    JOIN run r ON r.run_key = e.run_key
    CROSS JOIN LATERAL (
        SELECT c.completion_key
        FROM completion c
        WHERE c.status = 'FAILED'
          AND c.utc_time BETWEEN r.first_utc AND r.last_utc
          AND c.run_key >= r.run_key AND c.run_key <= r.run_key
          AND c.error_action NOT IN ('RETRY', 'IGNORE', 'TERMINATE', 'FINISH')
          AND c.completion_key <> ALL ($2::uuid[])
        ORDER BY c.utc_time DESC
        -- Where that many tasks could not be submitted, the run says what is wrong.
        LIMIT 1000
    ) o
)
SELECT
    c.run_key, c.completion_key, r.run_id, r.run_name,
    coalesce(nullif(s.manifest ->> 'name', ''), nullif(r.project_name, ''), s.workflow ->> 'scriptName') AS project,
    c.process, c.task_id, left(c.name, 500) AS name, c.attempt, c.exit, c.error_action, c.hash,
    left(t.tag, 500) AS tag, left(t.workdir, 1000) AS workdir, left(t.container, 500) AS container,
    left(t.queue, 500) AS queue, left(t.hostname, 500) AS hostname, left(t.native_id, 500) AS native_id,
    CASE
        WHEN starts_with(s.error_report, 'Error executing process > ''' || c.name || '''')
        THEN left(s.error_message, 2000)
    END AS error
FROM candidate k
JOIN completion c ON c.run_key = k.run_key AND c.completion_key = k.completion_key
JOIN run r ON r.run_key = k.run_key
LEFT JOIN task t
    ON t.run_key = c.run_key
    AND t.task_number = CASE WHEN c.task_id ~ '^-?[0-9]{1,18}$' THEN c.task_id::bigint ELSE -1 END
    AND t.task_id = c.task_id
    AND t.hash = coalesce(c.hash, '')
-- The execution in which it failed: events of tasks carry whole seconds.
LEFT JOIN LATERAL (
    SELECT
        g.segment_start, g.manifest, g.workflow, g.error_report, g.error_message,
        g.completed_utc IS NOT NULL AND g.success IS NOT TRUE
            AND (g.error_message ~ '\mSIG(INT|TERM|HUP)\M') IS NOT TRUE AS has_failed
    FROM run_segment g
    WHERE g.run_key = c.run_key AND date_trunc('second', g.segment_start) <= c.utc_time
    ORDER BY g.segment_start DESC
    LIMIT 1
) s ON true
WHERE (
        k.is_new AND (c.error_action IN ('TERMINATE', 'FINISH') OR s.has_failed)
        OR EXISTS (SELECT FROM ended e WHERE e.run_key = c.run_key AND e.segment_start = s.segment_start)
    )
  AND (
      c.error_action IN ('TERMINATE', 'FINISH')
      OR NOT EXISTS (
          SELECT FROM completion l
          WHERE l.process = c.process
            AND l.attempt = c.attempt::bigint + 1
            AND l.utc_time BETWEEN r.first_utc AND r.last_utc
            AND l.run_key >= c.run_key AND l.run_key <= c.run_key
            AND l.name IS NOT DISTINCT FROM c.name
      )
      AND NOT EXISTS (
          SELECT FROM task o
          WHERE o.run_key = c.run_key
            AND o.process = c.process
            AND NOT o.completed
            AND o.status_rank < 5
            AND o.attempt > c.attempt
            AND o.name IS NOT DISTINCT FROM c.name
      )
  )
  AND NOT EXISTS (
      SELECT FROM run_segment i
      WHERE i.run_key = c.run_key
        AND i.segment_start = '-infinity'
        AND i.workflow -> 'reconstructed' = 'true'
  )
-- Within a second, in the order in which Nextflow numbered them.
ORDER BY c.utc_time, t.task_number, c.completion_key
