/// The answers of the metrics endpoints as the contract defines them, straight from the completions: one query each,
/// without any rollup. Contract §2.
struct ReferenceMetrics {
    var since: String?
    var until: String?
    var runName: String?
    var process: String?
    var executor: String?
    var machineType: String?
    var minSamples = 1
    var limit = 1000

    /// What every query begins with: the completions of the window.
    private var completions: String {
        func literal(_ text: String) -> String {
            "'" + text.split(separator: "'").joined(separator: "''") + "'"
        }
        var conditions = ["true"]
        if let since { conditions.append("utc_time >= \(literal(since))::timestamptz") }
        if let until { conditions.append("utc_time <= \(literal(until))::timestamptz") }
        if let runName { conditions.append("run_name = \(literal(runName))") }
        if let process { conditions.append("process = \(literal(process))") }
        if let executor { conditions.append("executor = \(literal(executor))") }
        if let machineType { conditions.append("machine_type = \(literal(machineType))") }
        return """
            WITH b AS (
                SELECT
                    *, status = 'COMPLETED' AS ok, status IN ('FAILED', 'ABORTED') AS bad, attempt > 1 AS again
                FROM completion JOIN run USING (run_key)
                WHERE \(conditions.joined(separator: " AND "))
            )
            """
    }

    private func percent(_ part: String, _ whole: String) -> String {
        "round(100.0 * (\(part)) / nullif(\(whole), 0), 2)"
    }

    private let latest = """
        to_char(max(utc_time) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')
        """

    /// `cards`, as one JSON object.
    var cards: String {
        """
        \(completions) SELECT json_build_object(
            'process_completed_rows', count(*), 'distinct_runs', count(DISTINCT run_id),
            'distinct_processes', count(DISTINCT process),
            'success_rows', count(*) FILTER (WHERE ok), 'failure_rows', count(*) FILTER (WHERE bad),
            'failure_pct', \(percent("count(*) FILTER (WHERE bad)", "count(*)")),
            'retried_rows', count(*) FILTER (WHERE again),
            'retry_pct', \(percent("count(*) FILTER (WHERE again)", "count(*)")),
            'retry_success_pct', \(percent("count(*) FILTER (WHERE again AND ok)", "count(*) FILTER (WHERE again)")),
            'latest_process_completed_utc', \(latest),
            'memory_efficiency_pct', round(100 * avg(peak_rss::numeric / memory::numeric) FILTER (WHERE memory > 0), 2)
        ) FROM b
        """
    }

    /// Rows of a list, as one JSON array: `columns` of what `rows` groups, in `order`.
    private func list(_ rows: String, order: String) -> String {
        """
        \(completions) SELECT coalesce(json_agg(to_json(r)), '[]') FROM (
            SELECT * FROM (\(rows)) g ORDER BY \(order) LIMIT \(limit)
        ) r
        """
    }

    /// `top_failures`.
    var topFailures: String {
        list(
            """
            SELECT process, count(*) AS total_completed, count(*) FILTER (WHERE bad) AS failed,
                \(percent("count(*) FILTER (WHERE bad)", "count(*)")) AS failure_pct
            FROM b GROUP BY process HAVING count(*) >= \(minSamples)
            """,
            order: "failed DESC, failure_pct DESC, total_completed DESC, process"
        )
    }

    /// `top_retries`.
    var topRetries: String { retries(more: "") }
    /// `by_process` of `retries`.
    var retriesByProcess: String { retries(more: ", max(attempt) AS max_attempt") }

    private func retries(more: String) -> String {
        list(
            """
            SELECT process, count(*) AS total_completed, count(*) FILTER (WHERE again) AS retried,
                \(percent("count(*) FILTER (WHERE again)", "count(*)")) AS retried_pct,
                count(*) FILTER (WHERE again AND ok) AS retried_success,
                count(*) FILTER (WHERE again AND bad) AS retried_failed\(more)
            FROM b GROUP BY process HAVING count(*) >= \(minSamples)
            """,
            order: "retried DESC, retried_pct DESC, total_completed DESC, process"
        )
    }

    /// `top_failure_exit_codes`.
    var exitCodes: String {
        list(
            "SELECT exit AS exit_code, count(*) AS failures FROM b WHERE bad GROUP BY exit",
            order: "failures DESC, exit_code"
        )
    }

    /// `by_attempt` of `retries`.
    var attempts: String {
        """
        \(completions) SELECT coalesce(json_agg(to_json(r) ORDER BY attempt), '[]') FROM (
            SELECT attempt, count(*) AS rows, count(*) FILTER (WHERE ok) AS success,
                count(*) FILTER (WHERE bad) AS failed
            FROM b GROUP BY attempt
        ) r
        """
    }

    /// `rows` of `failures`.
    var failures: String {
        list(
            """
            SELECT process, count(*) AS total_completed, count(*) FILTER (WHERE ok) AS success,
                count(*) FILTER (WHERE bad) AS failed,
                \(percent("count(*) FILTER (WHERE bad)", "count(*)")) AS failure_pct,
                mode() WITHIN GROUP (ORDER BY exit) FILTER (WHERE bad) AS modal_failure_exit_code,
                mode() WITHIN GROUP (ORDER BY nullif(error_action, '')) FILTER (WHERE bad) AS modal_error_action
            FROM b GROUP BY process HAVING count(*) >= \(minSamples)
            """,
            order: "failed DESC, failure_pct DESC, total_completed DESC, process"
        )
    }

    /// `rows` of `failure-signatures`.
    var signatures: String {
        list(
            "SELECT process, exit AS exit_code, count(*) AS failures FROM b WHERE bad GROUP BY process, exit",
            order: "failures DESC, process, exit_code"
        )
    }

    /// `rows` of `resources-by-attempt`.
    var resources: String {
        func average(_ value: String, _ unit: Int = 1) -> String {
            "round(avg(\(value)::numeric) / \(unit), 2)"
        }
        func p95(_ value: String, _ unit: Int = 1) -> String {
            "round((percentile_cont(0.95) WITHIN GROUP (ORDER BY \(value)))::numeric / \(unit), 2)"
        }
        let gib = 1_073_741_824
        return list(
            """
            SELECT process, attempt, count(*) AS rows, count(*) FILTER (WHERE ok) AS success,
                count(*) FILTER (WHERE bad) AS failed,
                \(average("cpus")) AS avg_requested_cpus, \(average("memory", gib)) AS avg_requested_memory_gb,
                \(average("time_ms", 60000)) AS avg_requested_time_min,
                \(average("pct_cpu")) AS avg_pct_cpu, \(p95("pct_cpu")) AS p95_pct_cpu,
                \(average("pct_mem")) AS avg_pct_mem, \(p95("pct_mem")) AS p95_pct_mem,
                \(average("peak_rss", gib)) AS avg_peak_rss_gb, \(p95("peak_rss", gib)) AS p95_peak_rss_gb,
                \(average("read_bytes", gib)) AS avg_read_gb, \(average("write_bytes", gib)) AS avg_write_gb,
                round(avg(pct_cpu::numeric / cpus::numeric) FILTER (WHERE cpus > 0), 2) AS avg_cpu_efficiency_pct,
                round(100 * avg(peak_rss::numeric / memory::numeric) FILTER (WHERE memory > 0), 2)
                    AS avg_memory_efficiency_pct
            FROM b WHERE has_process GROUP BY process, attempt HAVING count(*) >= \(minSamples)
            """,
            order: "rows DESC, process, attempt"
        )
    }

    /// `rows` of `timeline`.
    func timeline(_ bucket: String) -> String {
        """
        \(completions) SELECT coalesce(json_agg(to_json(r) ORDER BY bucket_start), '[]') FROM (
            SELECT to_char(
                    date_trunc('\(bucket)', utc_time AT TIME ZONE 'UTC'), 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'
                ) AS bucket_start,
                count(*) AS total, count(*) FILTER (WHERE ok) AS success, count(*) FILTER (WHERE bad) AS failed,
                \(percent("count(*) FILTER (WHERE bad)", "count(*)")) AS failure_pct
            FROM b GROUP BY 1
        ) r
        """
    }

    /// The telemetry ids of `tasks`, the newest first.
    var tasks: String {
        """
        \(completions) SELECT coalesce(json_agg(telemetry_id ORDER BY utc_time DESC, run_key DESC, completion_key DESC), '[]')
        FROM b
        """
    }
}
