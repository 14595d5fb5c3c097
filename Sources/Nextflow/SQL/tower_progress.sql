-- How many tasks of a run are in which state, per process in the order of their first tasks: for a run of which Tower's
-- client has told no counts. A settled open task counts as aborted.
-- $1: the run; $2: the moment before which open tasks must have had their last event to be settled.
SELECT
    process,
    count(*) FILTER (WHERE state = 1) AS pending,
    count(*) FILTER (WHERE state = 2) AS submitted,
    count(*) FILTER (WHERE state = 3) AS running,
    count(*) FILTER (WHERE state = 4) AS cached,
    count(*) FILTER (WHERE state = 5) AS succeeded,
    count(*) FILTER (WHERE state = 6) AS aborted,
    count(*) FILTER (WHERE state = 7) AS failed,
    count(*) FILTER (WHERE state = 7 AND error_action = 'IGNORE') AS ignored,
    count(*) FILTER (WHERE state = 7 AND error_action = 'RETRY') AS retries,
    least(coalesce(sum(cpus) FILTER (WHERE state = 3), 0), 1e15)::bigint AS load_cpus,
    least(coalesce(sum(memory) FILTER (WHERE state = 3), 0), 9e18)::bigint AS load_memory
FROM (
    SELECT
        task_number, process, error_action, cpus, memory,
        CASE
            WHEN status_rank >= 4 THEN status_rank
            WHEN completed THEN 5
            WHEN last_utc < $2::timestamptz THEN 6
            WHEN started OR status_rank = 3 THEN 3
            WHEN submitted OR status_rank = 2 THEN 2
            ELSE 1
        END AS state
    FROM task
    WHERE run_key = $1
) t
GROUP BY process
ORDER BY min(task_number), process
