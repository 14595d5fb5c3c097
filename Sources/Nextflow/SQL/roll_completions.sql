-- Adds the completions that this batch inserted to the hours, days, months and years they belong to. A staged completion is a new
-- one when the row that stands for it carries its telemetry_id.
-- $1, $2: first and last telemetry_id of the batch.
INSERT INTO completion_rollup AS r (
    grain, bucket, has_process, process, attempt, status, exit, error_action, rows, last_utc,
    cpus_n, cpus, memory_n, memory, time_ms_n, time_ms, pct_cpu_n, pct_cpu,
    pct_mem_n, pct_mem, peak_rss_n, peak_rss, read_bytes_n, read_bytes, write_bytes_n, write_bytes,
    cpu_eff_n, cpu_eff, memory_eff_n, memory_eff
)
SELECT
    g.grain, date_trunc(g.grain::text, f.utc_time, 'UTC') AS bucket,
    f.has_process, f.process, f.attempt, f.status, f.exit, f.error_action, sum(f.rows), max(f.utc_time),
    sum(f.cpus_n), sum(f.cpus), sum(f.memory_n), sum(f.memory), sum(f.time_ms_n), sum(f.time_ms),
    sum(f.pct_cpu_n), sum(f.pct_cpu), sum(f.pct_mem_n), sum(f.pct_mem), sum(f.peak_rss_n), sum(f.peak_rss),
    sum(f.read_bytes_n), sum(f.read_bytes), sum(f.write_bytes_n), sum(f.write_bytes), sum(f.cpu_eff_n), sum(f.cpu_eff),
    sum(f.memory_eff_n), sum(f.memory_eff)
FROM stage_event e
JOIN completion_fact f USING (run_key, completion_key, telemetry_id)
CROSS JOIN unnest('{hour,day,month,year}'::grain[]) AS g (grain)
WHERE e.telemetry_id BETWEEN $1 AND $2
GROUP BY g.grain, bucket, f.has_process, f.process, f.attempt, f.status, f.exit, f.error_action
ORDER BY g.grain, bucket, f.process, f.has_process, f.attempt, f.status, f.exit, f.error_action
ON CONFLICT (grain, bucket, process, has_process, attempt, status, exit, error_action) DO UPDATE SET
    rows     = r.rows + excluded.rows,
    last_utc = greatest(r.last_utc, excluded.last_utc),
    cpus_n = r.cpus_n + excluded.cpus_n, cpus = r.cpus + excluded.cpus,
    memory_n = r.memory_n + excluded.memory_n, memory = r.memory + excluded.memory,
    time_ms_n = r.time_ms_n + excluded.time_ms_n, time_ms = r.time_ms + excluded.time_ms,
    pct_cpu_n = r.pct_cpu_n + excluded.pct_cpu_n, pct_cpu = r.pct_cpu + excluded.pct_cpu,
    pct_mem_n = r.pct_mem_n + excluded.pct_mem_n, pct_mem = r.pct_mem + excluded.pct_mem,
    peak_rss_n = r.peak_rss_n + excluded.peak_rss_n, peak_rss = r.peak_rss + excluded.peak_rss,
    read_bytes_n = r.read_bytes_n + excluded.read_bytes_n, read_bytes = r.read_bytes + excluded.read_bytes,
    write_bytes_n = r.write_bytes_n + excluded.write_bytes_n, write_bytes = r.write_bytes + excluded.write_bytes,
    cpu_eff_n = r.cpu_eff_n + excluded.cpu_eff_n, cpu_eff = r.cpu_eff + excluded.cpu_eff,
    memory_eff_n = r.memory_eff_n + excluded.memory_eff_n, memory_eff = r.memory_eff + excluded.memory_eff
