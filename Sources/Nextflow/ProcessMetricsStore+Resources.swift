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
    fileprivate let looseRows: Int64
    fileprivate let cpuValues: Int64
    fileprivate let memoryValues: Int64
    fileprivate let peakRSSValues: Int64
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
        looseRows = try row.int64("loose_rows")
        cpuValues = try row.int64("pct_cpu_n")
        memoryValues = try row.int64("pct_mem_n")
        peakRSSValues = try row.int64("peak_rss_n")
    }
}

extension ProcessMetricsStore {
    /// Up to so many completions of the shown groups together, percentiles come from the values themselves.
    static let exactPercentileRows: Int64 = 20_000

    /// The shown groups, the most frequent first, with their percentiles.
    ///
    /// Percentiles are exact for up to `exactPercentileRows` completions, for a run, and for a window that
    /// hardly has whole months. Beyond that they come from sketches, and are within half a per cent of the
    /// exact ones: sorting millions of values would cost seconds at each call.
    func fetchResources() throws -> [ResourceGroup] {
        let result = try connection.execute(
            Self.resources,
            parameters + [.int64(query.minSamples), .int(query.limit)]
        )
        var groups = try result.map { try ResourceGroup($0) }
        let percentiles = try fetchPercentiles(of: groups)
        for (index, row) in percentiles.enumerated() where groups.indices.contains(index) {
            groups[index].p95 = ResourceGroup.Percentiles(
                cpu: try row.optionalDouble(0),
                memory: try row.optionalDouble(1),
                peakRSS: try row.optionalDouble(2)
            )
        }
        return groups
    }

    private static let resources = Statement("resources by attempt", text(PackageResources.resources_sql))

    /// One row a group, in the same order.
    private func fetchPercentiles(of groups: [ResourceGroup]) throws -> QueryResult {
        let keys: [Parameter] = [
            .textArray(groups.map(\.process)),
            .int64Array(groups.map(\.attempt)),
        ]
        if let runName = query.runName {
            return try connection.execute(Self.exactOfRun, windowParameters + keys + [.text(runName)])
        }
        let rows = groups.reduce(0) { $0 + $1.rows }
        let looseRows = groups.reduce(0) { $0 + $1.looseRows }
        // A sketch reads the loose completions once for each of the three values.
        guard rows > Self.exactPercentileRows, looseRows * 3 < rows else {
            return try connection.execute(Self.exact, windowParameters + keys)
        }
        let counts: [Parameter] = [
            .int64Array(groups.map(\.cpuValues)),
            .int64Array(groups.map(\.memoryValues)),
            .int64Array(groups.map(\.peakRSSValues)),
        ]
        return try connection.execute(Self.sketched, windowParameters + keys + counts)
    }

    private static let exact = Statement("exact percentiles", text(PackageResources.percentiles_exact_sql))
    private static let exactOfRun = Statement(
        "exact percentiles",
        text(PackageResources.percentiles_exact_of_run_sql)
    )
    private static let sketched = Statement(
        "sketched percentiles",
        text(PackageResources.percentiles_sketched_sql)
    )
}
