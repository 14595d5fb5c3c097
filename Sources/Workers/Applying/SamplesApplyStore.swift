internal import Core
internal import Ingest
internal import Postgres

/// The SQL that stores samples.
enum SamplesApplyStore {
    private static let insert = Statement("insert series", file: PackageResources.insert_series_sql)
    private static let numbers = Statement(
        "numbers of series",
        "SELECT series_key, series_id FROM series WHERE series_key = ANY ($1::uuid[])"
    )
    private static let components = Statement(
        "ids of components",
        """
        SELECT r.component_type, r.name, r.runtime_id
        FROM component r
        JOIN unnest($1::text[], $2::text[]) AS c (component_type, name) USING (component_type, name)
        """
    )
    static let copy = Statement(
        "copy sample blocks",
        """
        COPY sample_block (
            received_at, runtime_id, journal_id, metric_id, first_at, last_at, series, after_us, value,
            exemplars, trace_refs, is_pushed
        ) FROM STDIN (FORMAT binary)
        """
    )
    static let columnCount = 12

    /// Stores the samples of reports; the rows of their components exist.
    ///
    /// - Returns: where they are.
    static func insert(
        _ elements: [WorkersElement],
        _ known: SeriesNumbers,
        on connection: Connection
    ) throws -> [StoredSpan] {
        let reports = elements.compactMap {
            element -> (element: WorkersElement, key: ComponentKey, [SampleBlock])? in
            guard let samples = element.operation.samples, !samples.blocks.isEmpty else { return nil }
            return (element, samples.component.key, samples.blocks)
        }
        guard !reports.isEmpty else { return [] }
        let ids = try fetchIDs(Set(reports.map(\.key)), on: connection)
        try insertSeries(of: reports, ids, known, on: connection)
        var rows = BinaryCopyBuffer(columnCount: columnCount)
        var spans: [StoredSpan] = []
        known.read { table in
            for (element, key, blocks) in reports {
                guard let id = ids[key] else { preconditionFailure("BUG: a component without a row") }
                for block in blocks {
                    guard let span = StoredSpan(block, of: id, element) else { continue }
                    rows.append(block, span, element, table)
                    spans.append(span)
                }
            }
        }
        _ = try connection.copyIn(copy, rows)
        return spans
    }

    static func fetchIDs(
        _ keys: Set<ComponentKey>,
        on connection: Connection
    ) throws -> [ComponentKey: Int64] {
        let keys = Array(keys)
        let rows = try connection.execute(
            components,
            [.textArray(keys.map(\.type.rawValue)), .textArray(keys.map(\.name))]
        )
        var ids: [ComponentKey: Int64] = [:]
        for row in rows {
            guard let type = ComponentType(rawValue: try row.text("component_type")) else { continue }
            ids[ComponentKey(type: type, name: try row.text("name"))] = try row.int64("runtime_id")
        }
        return ids
    }

    // MARK: - Series

    /// How many series a statement inserts at most.
    private static let mostInserted = 2000

    struct NewSeries {
        let series: Series
        let runtimeID: Int64
        /// When its description arrived; the earliest time for a series that has none.
        let at: Timestamp
    }

    private static func insertSeries(
        of reports: [(element: WorkersElement, key: ComponentKey, blocks: [SampleBlock])],
        _ ids: [ComponentKey: Int64],
        _ known: SeriesNumbers,
        on connection: Connection
    ) throws {
        var new: [UUID128: NewSeries] = [:]
        known.read { table in
            for (element, key, blocks) in reports {
                guard let id = ids[key] else { continue }
                for block in blocks {
                    for sample in block.samples {
                        let series = sample.series
                        let old = table[series.key]
                        if let old, old.runtimeID == id, old.description == series.description { continue }
                        if let other = new[series.key], other.at > element.at { continue }
                        new[series.key] = NewSeries(series: series, runtimeID: id, at: element.at)
                    }
                }
            }
        }
        try insert(new, known, on: connection)
    }

    /// Stores series that PostgreSQL may not have, by their keys, and learns their numbers.
    static func insert(
        _ new: [UUID128: NewSeries],
        _ known: SeriesNumbers,
        on connection: Connection
    ) throws {
        guard !new.isEmpty else { return }
        // In one order, so that two Weirs never wait for each other; and in portions: a text that thousands of series share
        // is in the statement for each of them.
        let sorted = new.values.sorted { $0.series.key < $1.series.key }
        for start in stride(from: 0, to: sorted.count, by: mostInserted) {
            let rows = sorted[start..<min(start + mostInserted, sorted.count)]
            try connection.execute(
                insert,
                [
                    .uuidArray(rows.map(\.series.key)), .int64Array(rows.map(\.runtimeID)),
                    .textArray(rows.map(\.series.name)), .textArray(rows.map(\.series.type.rawValue)),
                    .textArray(
                        rows.map { $0.series.labels.json.map { String(decoding: $0, as: UTF8.self) } }
                    ),
                    .textArray(rows.map(\.series.help)), .textArray(rows.map(\.series.unit)),
                    .timestampArray(rows.map(\.at)),
                ]
            )
        }
        try connection.execute(inherit, [.uuidArray(Array(new.keys))])
        var found: [UUID128: SeriesNumbers.Known] = [:]
        for row in try connection.execute(numbers, [.uuidArray(Array(new.keys))]) {
            let key = try row.uuid(0)
            guard let entry = new[key] else { continue }
            found[key] = SeriesNumbers.Known(
                number: Int32(truncatingIfNeeded: try row.int64(1)),
                runtimeID: entry.runtimeID,
                description: entry.series.description
            )
        }
        known.add(found)
    }

    // MARK: - Lifetimes

    private static let setTTL = Statement(
        "set lifetimes",
        "SELECT set_sample_lifetime($1, $2, make_interval(days => $3::int), $4) AS done"
    )
    private static let inherit = Statement(
        "lifetimes of new series",
        file: PackageResources.inherit_lifetimes_sql
    )

    /// Gives the samples of a metric or a component another lifetime.
    static func setTTL(_ change: TTLChange, at: Timestamp, on connection: Connection) throws {
        try connection.execute(
            setTTL,
            [
                .bool(change.component != nil), .optional(change.component ?? change.metric),
                .int64(change.days), .timestamp(at),
            ]
        )
    }
}

extension BinaryCopyBuffer {
    fileprivate mutating func append(
        _ block: SampleBlock,
        _ span: StoredSpan,
        _ element: WorkersElement,
        _ known: SeriesNumbers.Table
    ) {
        beginRow()
        append(timestamp: element.at)
        append(int8: span.runtimeID)
        append(uuid: element.journal)
        append(int8: block.metricID)
        append(timestamp: span.first)
        append(timestamp: span.last)
        append(int4Array: block.samples.map { known.number(of: $0.series.key) })
        if span.first == span.last {
            appendNull()
        } else {
            append(int8Array: block.samples.map { $0.at.microseconds - span.first.microseconds })
        }
        append(float8Array: block.samples.map(\.value))
        append(exemplarsOf: block.samples)
        if element.operation.samples?.isPushed == true { append(bool: true) } else { appendNull() }
    }

    /// An object by place, from 1, and what they refer to; null and null where there are none.
    private mutating func append(exemplarsOf samples: [Sample]) {
        guard samples.contains(where: { $0.exemplar != nil }) else {
            appendNull()
            appendNull()
            return
        }
        var references: Set<String> = []
        var json = JSONWriter()
        json.object { places in
            for (index, sample) in samples.enumerated() {
                guard let exemplar = sample.exemplar else { continue }
                places.object("\(index + 1)") { exemplar.write(to: &$0) }
                references.formUnion(exemplar.references)
            }
        }
        append(jsonb: json.bytes)
        append(textArray: references.sorted())
    }
}
