internal import Core
internal import Postgres

/// A row of samples as it is stored.
struct StoredBlock: Sendable {
    let metricID: Int64
    let receivedAt: Timestamp
    let lastAt: Timestamp
    let series: [Int32]
    /// In microseconds since 1970.
    let times: [Int64]
    let values: [Double]

    init(_ row: Row) throws {
        metricID = try row.int64("metric_id")
        receivedAt = try row.timestamp("received_at")
        lastAt = try row.timestamp("last_at")
        let first = try row.timestamp("first_at").microseconds
        let after = try row.optionalBytes("after_us").map { BinaryArray.elements($0, as: Int64.self) ?? [] }
        series = BinaryArray.elements(try row.bytes("series"), as: Int32.self) ?? []
        values = BinaryArray.doubles(try row.bytes("value"))
        times = after.map { $0.map { first + $0 } } ?? series.map { _ in first }
    }
}

/// A series as it is stored, under the names of the export.
struct StoredSeries: Sendable {
    let name: String
    /// As the export shows them, with those of the component.
    let labels: [LabelSet.Pair]
    let metricName: String
    /// Samples that arrived earlier have expired.
    let keptSince: Timestamp
}

/// The SQL that reads stored samples page by page.
enum StoredBlocksStore {
    private static let blocks = Statement("stored blocks", file: PackageResources.stored_blocks_sql)
    private static let series = Statement("stored series", file: PackageResources.stored_series_sql)
    private static let components = Statement(
        "components to export",
        """
        SELECT r.runtime_id, r.component_type, r.name
        FROM component r
        WHERE ($1::bigint IS NULL OR r.runtime_id = $1)
          AND ($2::text IS NULL OR r.name = $2)
        ORDER BY r.runtime_id
        """
    )
    private static let named = Statement(
        "series of a metric",
        "SELECT s.series_id FROM series s WHERE s.runtime_id = $1 AND s.metric_name = $2"
    )

    /// The components of an export; nil for all.
    static func fetchComponents(id: Int64?, name: String?, on connection: Connection) throws -> [Component] {
        try connection.execute(components, [.optional(id), .optional(name)]).compactMap { row in
            guard let type = ComponentType(rawValue: try row.text("component_type")) else { return nil }
            let key = ComponentKey(type: type, name: try row.text("name"))
            return Component(key: key, id: try row.int64("runtime_id"))
        }
    }

    /// The numbers of the series of a metric.
    static func fetchNumbers(of component: Component, metric: String, on connection: Connection) throws
        -> [Int32]
    {
        try connection.execute(named, [.int64(component.id), .text(metric)]).map {
            Int32(truncatingIfNeeded: try $0.int64(0))
        }
    }

    /// Where a page begins: behind the block with this time and id.
    struct Place: Sendable {
        var lastAt = Timestamp.earliest
        var metricID = Int64.min
    }

    /// The next blocks of a component.
    static func fetch(
        of component: Component,
        from start: Timestamp,
        to end: Timestamp,
        after place: Place,
        of numbers: [Int32]?,
        atMost count: Int,
        on connection: Connection
    ) throws -> [StoredBlock] {
        try connection.execute(
            blocks,
            [
                .int64(component.id), .timestamp(start), .timestamp(end), .timestamp(place.lastAt),
                .int64(place.metricID), numbers.map { .int64Array($0.map(Int64.init)) } ?? .null,
                .int64(Int64(count)),
            ]
        ).map { try StoredBlock($0) }
    }

    /// Series by their numbers.
    static func fetchSeries(
        _ numbers: [Int32],
        keptSince: Timestamp,
        now: Timestamp,
        on connection: Connection
    ) throws -> [Int32: StoredSeries] {
        var found: [Int32: StoredSeries] = [:]
        let parameters: [Parameter] = [
            .int64Array(numbers.map(Int64.init)), .timestamp(keptSince), .timestamp(now),
        ]
        for row in try connection.execute(series, parameters) {
            let name = try row.text("metric_name")
            // What no scraper would accept is in no export.
            guard let shown = ExpositionName.metric(name),
                let type = ComponentType(rawValue: try row.text("component_type"))
            else { continue }
            let component = ComponentKey(type: type, name: try row.text("component"))
            let labels = LabelSet(json: try row.optionalUTF8("labels"))
            found[Int32(truncatingIfNeeded: try row.int64("series_id"))] = StoredSeries(
                name: shown,
                labels: SeriesLine.labels(labels, component),
                metricName: name,
                keptSince: try row.timestamp("kept_since")
            )
        }
        return found
    }
}
