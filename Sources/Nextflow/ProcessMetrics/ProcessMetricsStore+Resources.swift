internal import Postgres

/// What an attempt of a process requested and used. Contract §2.4.
struct ResourceGroup: Sendable {
    let process: String
    let attempt: Int64
    let rows: Int64
    let succeeded: Int64
    let failed: Int64
    let requestedCPUs: Double?
    let requestedMemory: Double?
    let requestedTime: Double?
    let cpu: Double?
    let memory: Double?
    let peakRSS: Double?
    let read: Double?
    let written: Double?
    let cpuEfficiency: Double?
    let memoryEfficiency: Double?
    fileprivate(set) var p95 = Percentiles()

    /// The 95th percentiles, rounded; nil where nothing was measured.
    struct Percentiles: Hashable, Sendable {
        var cpu: Double?
        var memory: Double?
        var peakRSS: Double?
    }

    fileprivate init(_ row: Row) throws {
        process = try row.text("process")
        attempt = try row.int64("attempt")
        rows = try row.int64("rows")
        succeeded = try row.int64("succeeded")
        failed = try row.int64("failed")
        requestedCPUs = try row.optionalDouble("avg_requested_cpus")
        requestedMemory = try row.optionalDouble("avg_requested_memory_gb")
        requestedTime = try row.optionalDouble("avg_requested_time_min")
        cpu = try row.optionalDouble("avg_pct_cpu")
        memory = try row.optionalDouble("avg_pct_mem")
        peakRSS = try row.optionalDouble("avg_peak_rss_gb")
        read = try row.optionalDouble("avg_read_gb")
        written = try row.optionalDouble("avg_write_gb")
        cpuEfficiency = try row.optionalDouble("avg_cpu_efficiency_pct")
        memoryEfficiency = try row.optionalDouble("avg_memory_efficiency_pct")
    }
}

extension ProcessMetricsStore {
    /// The shown groups, the most frequent first, with their percentiles and the method of those.
    func fetchResources() throws -> (groups: [ResourceGroup], method: PercentileMethod) {
        let result = try connection.execute(
            Self.resources,
            parameters + [.int64(query.minSamples), .int(query.limit)]
        )
        var groups = try result.map { try ResourceGroup($0) }
        let (method, percentiles) = try fetchPercentiles(of: groups)
        for (index, p95) in percentiles.enumerated() where groups.indices.contains(index) {
            groups[index].p95 = p95
        }
        return (groups, method)
    }

    private static let resources = Statement("resources by attempt", file: PackageResources.resources_sql)
}
