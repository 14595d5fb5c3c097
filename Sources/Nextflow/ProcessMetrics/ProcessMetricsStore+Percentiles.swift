internal import Postgres

/// The method of percentiles.
enum PercentileMethod: String, CaseIterable, Sendable {
    /// From the values themselves.
    case exact
    /// From `PercentileSketch`.
    case sketch

    /// The largest error of a percentile, relative to the exact one.
    var relativeError: Double {
        switch self {
        case .exact: 0
        case .sketch: PercentileSketch.relativeError
        }
    }
}

extension ProcessMetricsStore {
    /// The most completions of all shown groups for which percentiles are computed from the values themselves.
    static let exactPercentileRows: Int64 = 20_000

    /// The 95th percentiles of groups, in the order of the groups.
    ///
    /// They are exact for up to `exactPercentileRows` completions and for a run. Beyond that they are computed from
    /// the sealed distributions of whole days, months and years and from the bins of all other values: sorting
    /// millions of values would take seconds at each call. Sealing changes only the cost, never the result.
    func fetchPercentiles(
        of groups: [ResourceGroup]
    ) throws -> (method: PercentileMethod, rows: [ResourceGroup.Percentiles]) {
        let keys: [Parameter] = [
            .textArray(groups.map(\.process)),
            .int64Array(groups.map(\.attempt)),
        ]
        if let runName = query.runName {
            let rows = try connection.execute(
                Self.exactOfRun,
                windowParameters + keys + [.text(runName)] + placeParameters
            )
            return (.exact, try rows.map(ResourceGroup.Percentiles.init))
        }
        let isExact = groups.reduce(0) { $0 + $1.rows } <= Self.exactPercentileRows
        if query.hasPlace { return try fetchPercentilesByPlace(of: groups, keys, isExact: isExact) }
        if isExact {
            let rows = try connection.execute(Self.exact, windowParameters + keys)
            return (.exact, try rows.map(ResourceGroup.Percentiles.init))
        }
        var sketches = Array(repeating: ResourceSketches(), count: groups.count)
        let pieces = try connection.execute(Self.pieces, windowParameters)
        try addSealed(pieces.filter { try $0.text(0) != "edge" }, keys, to: &sketches)
        let loose = try pieces.filter { try $0.text(0) == "edge" }
        try addLoose(loose.filter { try $0.bool(3) }, 1, keys, to: &sketches)
        try addLoose(loose.filter { try !$0.bool(3) }, -1, keys, to: &sketches)
        return (.sketch, sketches.map(\.percentiles))
    }

    /// Those of an executor or a machine type: all values are read, since nothing sealed knows them.
    private func fetchPercentilesByPlace(
        of groups: [ResourceGroup],
        _ keys: [Parameter],
        isExact: Bool
    ) throws -> (method: PercentileMethod, rows: [ResourceGroup.Percentiles]) {
        let parameters = windowParameters + keys + placeParameters
        if isExact {
            let rows = try connection.execute(Self.exactByPlace, parameters)
            return (.exact, try rows.map(ResourceGroup.Percentiles.init))
        }
        var sketches = Array(repeating: ResourceSketches(), count: groups.count)
        try add(try connection.execute(Self.looseByPlace, parameters), 1, to: &sketches)
        return (.sketch, sketches.map(\.percentiles))
    }

    /// Adds sealed distributions, a few buckets at a time: those of a season are megabytes.
    private func addSealed(
        _ pieces: [Row],
        _ keys: [Parameter],
        to sketches: inout [ResourceSketches]
    ) throws {
        for start in stride(from: 0, to: pieces.count, by: 8) {
            let some = pieces[start..<min(start + 8, pieces.count)]
            let buckets: [Parameter] = [
                .textArray(try some.map { try $0.text(0) }),
                .textArray(try some.map { try $0.text(1) }),
                .optional(query.process),
            ]
            for row in try connection.execute(Self.sealed, keys + buckets) {
                let place = Int(try row.int64(0)) - 1
                for (column, value) in ResourceSketches.values.enumerated() {
                    guard sketches[place][keyPath: value].add(sealed: try row.utf8(.position(column + 1)))
                    else { throw UnreadableSketch() }
                }
            }
        }
    }

    /// Adds the values of pieces of time `times` times: once, or -1 times to subtract a surplus.
    private func addLoose(
        _ pieces: [Row],
        _ times: Int64,
        _ keys: [Parameter],
        to sketches: inout [ResourceSketches]
    ) throws {
        guard !pieces.isEmpty else { return }
        let bounds: [Parameter] = [
            .textArray(try pieces.map { try $0.text(1) }),
            .textArray(try pieces.map { try $0.text(2) }),
        ]
        try add(try connection.execute(Self.loose, keys + bounds), times, to: &sketches)
    }

    /// Adds the bins of groups.
    private func add(_ rows: QueryResult, _ times: Int64, to sketches: inout [ResourceSketches]) throws {
        for row in rows {
            let place = Int(try row.int64(0)) - 1
            for (column, value) in ResourceSketches.values.enumerated() {
                guard let bins = try row.optionalUTF8(.position(column + 1)) else { continue }
                guard sketches[place][keyPath: value].add(loose: bins, times) else {
                    throw UnreadableSketch()
                }
            }
        }
    }

    private static let exact = Statement("exact percentiles", file: PackageResources.percentiles_exact_sql)
    private static let exactOfRun = Statement(
        "exact percentiles",
        file: PackageResources.percentiles_exact_of_run_sql
    )
    private static let exactByPlace = Statement(
        "exact percentiles",
        file: PackageResources.percentiles_exact_by_place_sql
    )
    private static let looseByPlace = Statement(
        "loose percentiles",
        file: PackageResources.percentiles_loose_by_place_sql
    )
    private static let pieces = Statement("pieces of a window", file: PackageResources.percentile_pieces_sql)
    private static let sealed = Statement("sealed percentiles", file: PackageResources.percentiles_sealed_sql)
    private static let loose = Statement("loose percentiles", file: PackageResources.percentiles_loose_sql)
}

/// PostgreSQL sent a distribution in a form that this executable does not know.
private struct UnreadableSketch: Error {}

/// The distributions of a group.
private struct ResourceSketches: Sendable {
    var cpu = PercentileSketch()
    var memory = PercentileSketch()
    var peakRSS = PercentileSketch()

    /// In the order of the statements' columns.
    static var values: [WritableKeyPath<Self, PercentileSketch>] { [\.cpu, \.memory, \.peakRSS] }

    var percentiles: ResourceGroup.Percentiles {
        func rounded(_ sketch: PercentileSketch, _ unit: Double) -> Double? {
            sketch.percentile(0.95).map { ($0 / unit * 100).rounded() / 100 }
        }
        return ResourceGroup.Percentiles(
            cpu: rounded(cpu, 1),
            memory: rounded(memory, 1),
            peakRSS: rounded(peakRSS, 1_073_741_824)
        )
    }
}

extension ResourceGroup.Percentiles {
    fileprivate init(_ row: Row) throws {
        self.init(
            cpu: try row.optionalDouble(0),
            memory: try row.optionalDouble(1),
            peakRSS: try row.optionalDouble(2)
        )
    }
}
