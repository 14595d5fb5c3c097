-- What the attempts of each process requested and used, the most frequent first. Contract nextflow 2.4.
-- $1, $2: the window, both inclusive, null where it is open; $3: run name; $4: process; $5: executor; $6: machine type;
-- null for all; $7: the least number of completions of a group that is shown; $8: how many groups.
SELECT
    process, attempt,
    sum(rows)::bigint AS rows,
    coalesce(sum(rows) FILTER (WHERE status = 'COMPLETED'), 0)::bigint AS succeeded,
    coalesce(sum(rows) FILTER (WHERE status IN ('FAILED', 'ABORTED')), 0)::bigint AS failed,
    round(sum(cpus) / nullif(sum(cpus_n), 0), 2) AS avg_requested_cpus,
    round(sum(memory) / nullif(sum(memory_n) * 1073741824, 0), 2) AS avg_requested_memory_gb,
    round(sum(time_ms) / nullif(sum(time_ms_n) * 60000, 0), 2) AS avg_requested_time_min,
    round(sum(pct_cpu) / nullif(sum(pct_cpu_n), 0), 2) AS avg_pct_cpu,
    round(sum(pct_mem) / nullif(sum(pct_mem_n), 0), 2) AS avg_pct_mem,
    round(sum(peak_rss) / nullif(sum(peak_rss_n) * 1073741824, 0), 2) AS avg_peak_rss_gb,
    round(sum(read_bytes) / nullif(sum(read_bytes_n) * 1073741824, 0), 2) AS avg_read_gb,
    round(sum(write_bytes) / nullif(sum(write_bytes_n) * 1073741824, 0), 2) AS avg_write_gb,
    round(100 * sum(cpu_eff) / nullif(sum(cpu_eff_n), 0), 2) AS avg_cpu_efficiency_pct,
    round(100 * sum(memory_eff) / nullif(sum(memory_eff_n), 0), 2) AS avg_memory_efficiency_pct
FROM completion_facts(
    $1::timestamptz, $2::timestamptz, $3::text, $4::text, only_executor => $5::text, only_machine_type => $6::text
)
WHERE has_process
GROUP BY process, attempt
HAVING sum(rows) >= $7::bigint
ORDER BY rows DESC, process, attempt
LIMIT $8::bigint
