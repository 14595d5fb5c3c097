internal import Core
internal import Postgres

/// Stores the samples of remote-write. The SQL is that of reports.
enum RemoteWriteApplyStore {
    /// Stores the samples; the rows of their components exist.
    ///
    /// - Returns: where they are.
    static func insert(
        _ elements: [WorkersElement],
        _ known: SeriesNumbers,
        on connection: Connection
    ) throws -> [StoredSpan] {
        let writes = try fetchNew(elements, on: connection)
        guard !writes.isEmpty else { return [] }
        let keys = Set(writes.lazy.flatMap { $0.write.components.map(\.component.key) })
        let ids = try SamplesApplyStore.fetchIDs(keys, on: connection)
        try insertSeries(of: writes, ids, known, on: connection)
        var rows = BinaryCopyBuffer(columnCount: SamplesApplyStore.columnCount)
        var spans: [StoredSpan] = []
        for (element, write) in writes {
            for (part, (component, firsts)) in zip(write.request.parts, write.components) {
                guard let id = ids[component.key] else {
                    preconditionFailure("BUG: a component without a row")
                }
                let portions = known.read { SamplePortions(part, of: write.request, id, $0) }
                rows.append(portions, firsts, of: id, element)
                spans += portions.rows.map { row in
                    StoredSpan(
                        runtimeID: id,
                        first: Timestamp(microseconds: row.first),
                        last: Timestamp(microseconds: row.last),
                        receivedAt: element.at,
                        journal: element.journal,
                        samples: row.values.count
                    )
                }
            }
        }
        _ = try connection.copyIn(SamplesApplyStore.copy, rows)
        return spans
    }

    /// The writes, without what imports have stored before.
    private static func fetchNew(
        _ elements: [WorkersElement],
        on connection: Connection
    ) throws -> [(element: WorkersElement, write: RemoteWrite)] {
        var portions: [UUID128: Timestamp] = [:]
        for element in elements {
            if let portion = element.remoteWrite?.portion { portions[portion] = element.at }
        }
        var new = try ImportPortions.insert(portions, on: connection)
        return try elements.compactMap { element in
            guard var write = element.remoteWrite else { return nil }
            guard let portion = write.portion else { return (element, write) }
            try ImportPortions.keepMissing(
                of: &write,
                portion,
                isNew: new.remove(portion) != nil,
                at: element.at,
                on: connection
            )
            return write.request.sampleCount > 0 ? (element, write) : nil
        }
    }

    private static func insertSeries(
        of writes: [(element: WorkersElement, write: RemoteWrite)],
        _ ids: [ComponentKey: Int64],
        _ known: SeriesNumbers,
        on connection: Connection
    ) throws {
        var new: [UUID128: SamplesApplyStore.NewSeries] = [:]
        var unnumbered: [SeriesIdentity] = []
        known.read { table in
            for (element, write) in writes {
                var descriptions = WriteDescriptions(write.request.message)
                for part in write.request.parts {
                    guard let id = ids[part.component.key] else { continue }
                    for index in part.entries {
                        // Nearly always; a copy of the entry would cost more than all else here.
                        if write.request.entries[index].isStored(of: id) { continue }
                        let entry = write.request.entries[index]
                        let identity = entry.identity
                        if identity.known(of: id) == nil { unnumbered.append(identity) }
                        let described = descriptions.find(entry)
                        let old =
                            identity.known(of: id)
                            ?? table[identity.key].flatMap { $0.runtimeID == id ? $0 : nil }
                        if let old, described == nil || described?.mark == old.description { continue }
                        // Without a description it changes none that PostgreSQL has.
                        let at: Timestamp = described == nil ? .earliest : element.at
                        if let other = new[identity.key], described == nil || other.at > at { continue }
                        guard let series = write.request.series(entry) else {
                            preconditionFailure("BUG: labels that were read once")
                        }
                        if old?.description == series.description { continue }
                        if old != nil { unnumbered.append(identity) }
                        new[identity.key] = SamplesApplyStore.NewSeries(series: series, runtimeID: id, at: at)
                    }
                }
            }
        }
        try SamplesApplyStore.insert(new, known, on: connection)
        known.number(unnumbered)
    }
}

extension WriteRequest.Entry {
    /// Whether PostgreSQL has its series, and it says nothing new of it.
    fileprivate func isStored(of runtimeID: Int64) -> Bool {
        metadata == nil && identity.known(of: runtimeID) != nil
    }
}

extension BinaryCopyBuffer {
    /// `firsts` are the ids of the portions' first samples.
    fileprivate mutating func append(
        _ portions: SamplePortions,
        _ firsts: [Int64],
        of runtimeID: Int64,
        _ element: WorkersElement
    ) {
        var firsts = firsts[...]
        var next: Int64 = 0
        for row in portions.rows {
            if !row.continues { next = firsts.popFirst() ?? next }
            beginRow()
            append(timestamp: element.at)
            append(int8: runtimeID)
            append(uuid: element.journal)
            append(int8: next)
            append(timestamp: Timestamp(microseconds: row.first))
            append(timestamp: Timestamp(microseconds: row.last))
            append(int4Array: row.numbers)
            if row.first == row.last {
                appendNull()
            } else {
                append(int8Array: row.times.map { $0 - row.first })
            }
            append(float8Array: row.values)
            appendNull()
            appendNull()
            appendNull()
            next += Int64(row.values.count)
        }
    }
}
