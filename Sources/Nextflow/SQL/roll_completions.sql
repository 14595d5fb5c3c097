-- Adds the completions that this batch inserted to the hours, days, months and years they belong to. A staged
-- completion is a new one when the row that stands for it carries its telemetry_id.
-- $1, $2: first and last telemetry_id of the batch.
WITH hourly AS (
    SELECT
        date_trunc('hour', f.utc_time, 'UTC') AS hour,
        f.has_process, f.process, f.attempt, f.status, f.exit, f.error_action,
        sum(f.rows) AS rows, max(f.utc_time) AS last_utc,
        sum(f.cpus_n) AS cpus_n, sum(f.cpus) AS cpus, sum(f.memory_n) AS memory_n, sum(f.memory) AS memory,
        sum(f.time_ms_n) AS time_ms_n, sum(f.time_ms) AS time_ms, sum(f.pct_cpu_n) AS pct_cpu_n, sum(f.pct_cpu) AS pct_cpu,
        sum(f.pct_mem_n) AS pct_mem_n, sum(f.pct_mem) AS pct_mem, sum(f.peak_rss_n) AS peak_rss_n, sum(f.peak_rss) AS peak_rss,
        sum(f.read_bytes_n) AS read_bytes_n, sum(f.read_bytes) AS read_bytes, sum(f.write_bytes_n) AS write_bytes_n, sum(f.write_bytes) AS write_bytes,
        sum(f.cpu_eff_n) AS cpu_eff_n, sum(f.cpu_eff) AS cpu_eff, sum(f.memory_eff_n) AS memory_eff_n, sum(f.memory_eff) AS memory_eff
    FROM stage_event e
    JOIN completion_fact f USING (run_key, completion_key, telemetry_id)
    WHERE e.telemetry_id BETWEEN $1 AND $2
    GROUP BY hour, f.has_process, f.process, f.attempt, f.status, f.exit, f.error_action
)
INSERT INTO completion_rollup AS r (
    grain, bucket, has_process, process, attempt, status, exit, error_action, rows, last_utc,
    cpus_n, cpus, memory_n, memory, time_ms_n, time_ms, pct_cpu_n, pct_cpu,
    pct_mem_n, pct_mem, peak_rss_n, peak_rss, read_bytes_n, read_bytes, write_bytes_n, write_bytes,
    cpu_eff_n, cpu_eff, memory_eff_n, memory_eff
)
SELECT
    g.grain, date_trunc(g.grain::text, h.hour, 'UTC') AS bucket,
    h.has_process, h.process, h.attempt, h.status, h.exit, h.error_action, sum(h.rows), max(h.last_utc),
    sum(h.cpus_n), sum(h.cpus), sum(h.memory_n), sum(h.memory), sum(h.time_ms_n), sum(h.time_ms),
    sum(h.pct_cpu_n), sum(h.pct_cpu), sum(h.pct_mem_n), sum(h.pct_mem), sum(h.peak_rss_n), sum(h.peak_rss),
    sum(h.read_bytes_n), sum(h.read_bytes), sum(h.write_bytes_n), sum(h.write_bytes), sum(h.cpu_eff_n), sum(h.cpu_eff),
    sum(h.memory_eff_n), sum(h.memory_eff)
FROM hourly h
CROSS JOIN unnest('{hour,day,month,year}'::grain[]) AS g (grain)
GROUP BY g.grain, bucket, h.has_process, h.process, h.attempt, h.status, h.exit, h.error_action
ORDER BY g.grain, bucket, h.process, h.has_process, h.attempt, h.status, h.exit, h.error_action
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
