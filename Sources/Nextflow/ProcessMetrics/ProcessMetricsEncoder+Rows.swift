internal import Core
internal import Postgres

extension ProcessMetricsEncoder {
    /// `resources-by-attempt`. Contract §2.4, and the efficiencies of §3; Weir adds the method of the percentiles.
    func resources(_ groups: [ResourceGroup], percentiles: PercentileMethod) -> [UInt8] {
        document { writer in
            writer.array("rows") { list in
                for group in groups {
                    list.object { $0.resources(group) }
                }
            }
            writer.member("percentile_method", percentiles.rawValue)
            writer.member("percentile_relative_error", percentiles.relativeError)
        }
    }

    /// `running`. Contract §3.
    static func running(_ result: QueryResult, now: Timestamp) throws -> [UInt8] {
        var activeRuns: Int64 = 0
        var processes: [(name: String, running: Int64, queued: Int64)] = []
        for row in result {
            activeRuns = try row.int64("active_runs")
            guard let name = try row.optionalText("process") else { continue }
            processes.append((name, try row.int64("running"), try row.int64("queued")))
        }
        var writer = JSONWriter()
        writer.object { answer in
            answer.member("generated_at_utc", now)
            answer.member("active_nf_runs", activeRuns)
            answer.member("total_running", processes.reduce(0) { $0 + $1.running })
            answer.member("total_queued", processes.reduce(0) { $0 + $1.queued })
            answer.array("by_process") { list in
                for process in processes {
                    list.object {
                        $0.member("process", process.name)
                        $0.member("running", process.running)
                        $0.member("queued", process.queued)
                    }
                }
            }
        }
        return writer.bytes
    }

    /// `tasks`. Contract §3.
    func tasks(_ rows: [Row], total: Int64, limit: Int, offset: Int64) throws -> [UInt8] {
        try document { writer in
            writer.member("total", total)
            writer.member("limit", limit)
            writer.member("offset", offset)
            try writer.array("rows") { list in
                for row in rows {
                    try list.object { object in try Self.taskMembers.write(row, to: &object) }
                }
            }
        }
    }

    static let taskMembers = RowMembers([
        ("telemetry_id", .integer), ("run_name", .text), ("run_id", .text), ("sample_id", .text),
        ("workflow_id", .text), ("workflow_version", .text), ("utc_time", .time),
        ("process", .text), ("name", .text), ("status", .text), ("attempt", .integer), ("task_hash", .text),
        ("exit_code", .text), ("error_action", .text), ("realtime_ms", .float), ("requested_cpus", .float),
        ("requested_memory_gb", .float), ("pct_cpu", .float), ("pct_mem", .float), ("peak_rss_gb", .float),
        ("read_gb", .float), ("write_gb", .float),
    ])

    /// `timeline`. Contract §3.
    func timeline(_ rows: QueryResult, bucket: TimelineBucket) throws -> [UInt8] {
        try document { writer in
            writer.member("bucket", bucket.rawValue)
            try writer.array("rows") { list in
                for row in rows {
                    let total = try row.int64("total")
                    let failed = try row.int64("failed")
                    let start = try row.timestamp("bucket_start")
                    let succeeded = try row.int64("succeeded")
                    list.object {
                        $0.member("bucket_start", start)
                        $0.member("total", total)
                        $0.member("success", succeeded)
                        $0.member("failed", failed)
                        $0.member("failure_pct", Percentage(failed, of: total)?.value)
                    }
                }
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func resources(_ group: ResourceGroup) {
        member("process", group.process)
        member("attempt", group.attempt)
        member("rows", group.rows)
        member("success", group.succeeded)
        member("failed", group.failed)
        member("avg_requested_cpus", group.requestedCPUs)
        member("avg_requested_memory_gb", group.requestedMemory)
        member("avg_requested_time_min", group.requestedTime)
        member("avg_pct_cpu", group.cpu)
        member("p95_pct_cpu", group.p95.cpu)
        member("avg_pct_mem", group.memory)
        member("p95_pct_mem", group.p95.memory)
        member("avg_peak_rss_gb", group.peakRSS)
        member("p95_peak_rss_gb", group.p95.peakRSS)
        member("avg_read_gb", group.read)
        member("avg_write_gb", group.written)
        member("avg_cpu_efficiency_pct", group.cpuEfficiency)
        member("avg_memory_efficiency_pct", group.memoryEfficiency)
    }
}
