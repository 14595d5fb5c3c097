-- Attempts of tasks as a trace needs them, in the order of their ids.
-- $1: the key of the run; $2, $3, $4: the last attempt of the page before; $5: how many.
SELECT
    task_number, task_id, hash, status_rank, completed, first_utc, last_utc,
    process, left(name, 500) AS name, left(tag, 200) AS tag, attempt, exit, error_action,
    submit_at, start_at, complete_at, duration_ms, realtime_ms,
    cpus, memory, time_ms, pct_cpu, peak_rss, peak_vmem, read_bytes, write_bytes,
    native_id, queue, left(container, 500) AS container, left(workdir, 500) AS workdir, hostname
FROM task
WHERE run_key = $1
  AND (task_number, task_id, hash) > ($2, $3, $4)
ORDER BY task_number, task_id, hash
LIMIT $5
