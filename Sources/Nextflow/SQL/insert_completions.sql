-- Inserts the new completions of a batch, adds them, and only them, to every rollup, and returns them. One statement,
-- so that a completion is looked up once and not again for each rollup.
-- $1, $2: first and last telemetry_id of the batch.
WITH fresh AS (
    INSERT INTO completion (
        run_key, completion_key, telemetry_id, utc_time, has_process, process, attempt, status, exit, error_action,
        task_id, hash, name, sample_id,
        realtime_ms, cpus, memory, time_ms, pct_cpu, pct_mem, peak_rss, read_bytes, write_bytes, rchar, wchar,
        executor, machine_type
    )
    SELECT
        run_key, completion_key, telemetry_id, utc_time, process IS NOT NULL, coalesce(process, '<null>'),
        coalesce(attempt, 0), coalesce(status, ''), coalesce(exit, '<null>'), coalesce(error_action, ''),
        task_id, hash, name, split_part(tag, ':', 1),
        realtime_ms, cpus, memory, time_ms, pct_cpu, pct_mem, peak_rss, read_bytes, write_bytes, rchar, wchar,
        executor, machine_type
    FROM stage_event
    WHERE telemetry_id BETWEEN $1 AND $2
      AND completion_key IS NOT NULL
    ORDER BY run_key, completion_key, telemetry_id
    ON CONFLICT (run_key, completion_key) DO NOTHING
    RETURNING
        telemetry_id, run_key, date_trunc('hour', utc_time, 'UTC') AS hour, utc_time,
        has_process, process, attempt, status, exit, error_action,
        cpus, memory, time_ms, pct_cpu, pct_mem, peak_rss, read_bytes, write_bytes
),

-- Grouped by all columns of the process metrics. The sums are those of completion_fact.
hourly AS (
    SELECT
        hour, has_process, process, attempt, status, exit, error_action,
        count(*) AS rows, max(utc_time) AS last_utc,
        count(cpus)        AS cpus_n,        coalesce(sum(cpus::numeric), 0)        AS cpus,
        count(memory)      AS memory_n,      coalesce(sum(memory::numeric), 0)      AS memory,
        count(time_ms)     AS time_ms_n,     coalesce(sum(time_ms::numeric), 0)     AS time_ms,
        count(pct_cpu)     AS pct_cpu_n,     coalesce(sum(pct_cpu::numeric), 0)     AS pct_cpu,
        count(pct_mem)     AS pct_mem_n,     coalesce(sum(pct_mem::numeric), 0)     AS pct_mem,
        count(peak_rss)    AS peak_rss_n,    coalesce(sum(peak_rss::numeric), 0)    AS peak_rss,
        count(read_bytes)  AS read_bytes_n,  coalesce(sum(read_bytes::numeric), 0)  AS read_bytes,
        count(write_bytes) AS write_bytes_n, coalesce(sum(write_bytes::numeric), 0) AS write_bytes,
        count(pct_cpu) FILTER (WHERE cpus > 0) AS cpu_eff_n,
        coalesce(sum(pct_cpu::numeric / (cpus::numeric * 100)) FILTER (WHERE cpus > 0), 0) AS cpu_eff,
        count(peak_rss) FILTER (WHERE memory > 0) AS memory_eff_n,
        coalesce(sum(peak_rss::numeric / memory::numeric) FILTER (WHERE memory > 0), 0) AS memory_eff
    FROM fresh
    GROUP BY hour, has_process, process, attempt, status, exit, error_action
),
rolled AS (
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
),

-- The times of completions by run.
runs AS (
    SELECT
        f.hour, f.run_key, count(*) AS rows,
        count(*) FILTER (WHERE f.status = 'COMPLETED') AS succeeded,
        count(*) FILTER (WHERE f.status IN ('FAILED', 'ABORTED')) AS failed,
        count(*) FILTER (WHERE f.attempt > 1) AS retried
    FROM fresh f
    GROUP BY f.hour, f.run_key
),
rolled_runs AS (
    INSERT INTO run_rollup AS r (grain, bucket, run_key, run_id, rows, succeeded, failed, retried)
    SELECT
        g.grain, date_trunc(g.grain::text, c.hour, 'UTC') AS bucket, c.run_key, min(run.run_id),
        sum(c.rows), sum(c.succeeded), sum(c.failed), sum(c.retried)
    FROM runs c
    JOIN run USING (run_key)
    CROSS JOIN unnest('{hour,day,month,year}'::grain[]) AS g (grain)
    GROUP BY g.grain, bucket, c.run_key
    ORDER BY g.grain, bucket, c.run_key
    ON CONFLICT (grain, bucket, run_key) DO UPDATE SET
        rows      = r.rows + excluded.rows,
        succeeded = r.succeeded + excluded.succeeded,
        failed    = r.failed + excluded.failed,
        retried   = r.retried + excluded.retried
),

-- The first and the last completion of each process, by run.
processes AS (
    INSERT INTO run_process AS p (process, run_key, run_id, first_utc, last_utc)
    SELECT f.process, f.run_key, min(run.run_id), min(f.utc_time), max(f.utc_time)
    FROM fresh f
    JOIN run USING (run_key)
    GROUP BY f.process, f.run_key
    ORDER BY f.process, f.run_key
    ON CONFLICT (process, run_key) DO UPDATE SET
        first_utc = least(p.first_utc, excluded.first_utc),
        last_utc  = greatest(p.last_utc, excluded.last_utc)
    WHERE excluded.first_utc < p.first_utc OR excluded.last_utc > p.last_utc
)
SELECT telemetry_id FROM fresh
