-- Merges the events of a batch into their tasks: the status by rank (FAILED over ABORTED over COMPLETED over RUNNING
-- ...), everything else by least or greatest, since the events of a task arrive in any order, and repeat.
-- $1, $2: first and last telemetry_id of the batch.
INSERT INTO task AS t (
    run_key, task_number, task_id, hash, status_rank, submitted, started, completed,
    first_utc, last_utc, submit_at, start_at,
    process, name, tag, attempt, exit, error_action, complete_at,
    duration_ms, realtime_ms, cpus, memory, disk, time_ms, pct_cpu,
    pct_mem, rss, vmem, peak_rss, peak_vmem, rchar, wchar,
    read_bytes, write_bytes, native_id, queue, container, workdir, hostname,
    executor, machine_type, cloud_zone, price_model, spot_interruptions, tower_told
)
SELECT
    run_key, task_number, task_id, coalesce(hash, ''), max(status_rank),
    bool_or(submitted), bool_or(started),
    bool_or(event = 'process_completed'),
    min(utc_time), max(utc_time), min(submit_at), min(start_at),
    max(process), max(name), max(tag), max(attempt),
    max(nullif(exit, '2147483647')), max(error_action), max(task_complete_at), max(duration_ms),
    max(realtime_ms), max(cpus), max(memory), max(disk),
    max(time_ms), max(pct_cpu), max(pct_mem), max(rss),
    max(vmem), max(peak_rss), max(peak_vmem), max(rchar),
    max(wchar), max(read_bytes), max(write_bytes), max(native_id),
    max(queue), max(container), max(workdir), max(hostname),
    max(executor), max(machine_type), max(cloud_zone), max(price_model), max(spot_interruptions),
    max(tower_told)
FROM stage_event
WHERE telemetry_id BETWEEN $1 AND $2
  AND task_id IS NOT NULL
GROUP BY run_key, task_number, task_id, coalesce(hash, '')
ORDER BY run_key, task_number, task_id, coalesce(hash, '')
ON CONFLICT (run_key, task_number, task_id, hash) DO UPDATE SET
    status_rank  = greatest(t.status_rank, excluded.status_rank),
    submitted    = t.submitted OR excluded.submitted,
    started      = t.started OR excluded.started,
    completed    = t.completed OR excluded.completed,
    first_utc    = least(t.first_utc, excluded.first_utc),
    last_utc     = greatest(t.last_utc, excluded.last_utc),
    submit_at    = least(t.submit_at, excluded.submit_at),
    start_at     = least(t.start_at, excluded.start_at),
    process      = greatest(t.process, excluded.process),
    name         = greatest(t.name, excluded.name),
    tag          = greatest(t.tag, excluded.tag),
    attempt      = greatest(t.attempt, excluded.attempt),
    exit         = greatest(t.exit, excluded.exit),
    error_action = greatest(t.error_action, excluded.error_action),
    complete_at  = greatest(t.complete_at, excluded.complete_at),
    duration_ms  = greatest(t.duration_ms, excluded.duration_ms),
    realtime_ms  = greatest(t.realtime_ms, excluded.realtime_ms),
    cpus         = greatest(t.cpus, excluded.cpus),
    memory       = greatest(t.memory, excluded.memory),
    disk         = greatest(t.disk, excluded.disk),
    time_ms      = greatest(t.time_ms, excluded.time_ms),
    pct_cpu      = greatest(t.pct_cpu, excluded.pct_cpu),
    pct_mem      = greatest(t.pct_mem, excluded.pct_mem),
    rss          = greatest(t.rss, excluded.rss),
    vmem         = greatest(t.vmem, excluded.vmem),
    peak_rss     = greatest(t.peak_rss, excluded.peak_rss),
    peak_vmem    = greatest(t.peak_vmem, excluded.peak_vmem),
    rchar        = greatest(t.rchar, excluded.rchar),
    wchar        = greatest(t.wchar, excluded.wchar),
    read_bytes   = greatest(t.read_bytes, excluded.read_bytes),
    write_bytes  = greatest(t.write_bytes, excluded.write_bytes),
    native_id    = greatest(t.native_id, excluded.native_id),
    queue        = greatest(t.queue, excluded.queue),
    container    = greatest(t.container, excluded.container),
    workdir      = greatest(t.workdir, excluded.workdir),
    hostname     = greatest(t.hostname, excluded.hostname),
    executor     = greatest(t.executor, excluded.executor),
    machine_type = greatest(t.machine_type, excluded.machine_type),
    cloud_zone   = greatest(t.cloud_zone, excluded.cloud_zone),
    price_model  = greatest(t.price_model, excluded.price_model),
    spot_interruptions = greatest(t.spot_interruptions, excluded.spot_interruptions),
    tower_told   = greatest(t.tower_told, excluded.tower_told)
