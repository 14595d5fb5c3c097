internal import Core
internal import Ingest
internal import Postgres

/// The SQL that stores events. Long statements are in `SQL/`, to be read and run by hand.
enum EventsApplyStore {
    static let insert = Statement("insert_events", file: PackageResources.insert_events_sql)
    private static let stored = Statement("stored_events", file: PackageResources.stored_events_sql)

    /// Plans must not depend on how small a table was when they were made: events are looked up by their ids.
    static func prepare(_ connection: Connection) throws {
        try connection.executeScript(
            "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off; SET jit = off"
        )
    }

    /// Stores events whose ids are new.
    ///
    /// - Returns: their ids.
    @discardableResult
    static func insert(_ events: [ProvenanceEvent], on connection: Connection) throws -> Set<UUID128> {
        guard !events.isEmpty else { return [] }
        return Set(try connection.execute(insert, columns(of: events)).map { try $0.uuid(0) })
    }

    /// The parameters of `insert`.
    static func columns(of events: [ProvenanceEvent]) -> [Parameter] {
        [
            .uuidArray(events.map(\.id)), .timestampArray(events.map(\.occurredAt)),
            .textArray(events.map(\.type)), .textArray(events.map(\.project)),
            .textArray(events.map(\.source)), .uuidArray(events.map(\.execution)),
            .textArray(events.map(\.actor)), .textArray(events.map(\.correlation)),
            .textArray(events.map { String(decoding: $0.payload, as: UTF8.self) }),
            .timestampArray(events.map(\.receivedAt)), .textArray(events.map { sources($0.sources) }),
            .textArray(events.map(\.trace)), .uuidArray(events.map(\.digest)),
        ]
    }

    private static func sources(_ sources: [String]) -> String {
        var writer = JSONWriter()
        writer.array { list in
            for source in sources { list.value(source) }
        }
        return writer.text
    }

    /// Stores the events of a line, all or none.
    static func store(_ events: [ProvenanceEvent], on connection: Connection) throws -> EventOutcome {
        // Another Weir may store one of these ids between the two statements: then this reads again.
        for _ in 0..<attempts {
            var earlier: [Int: ProvenanceEvent] = [:]
            var conflicts: [Int] = []
            for row in try connection.execute(stored, lookup(events)) {
                let (place, event) = (try row.int("place"), try ProvenanceEvent(row))
                if try row.bool("has_payload"), event.digest != nil, event.digest == events[place].digest {
                    earlier[place] = event
                } else {
                    conflicts.append(place)
                }
            }
            guard conflicts.isEmpty else { return .conflict(conflicts.sorted()) }
            let new = events.indices.filter { earlier[$0] == nil }.map { events[$0] }
            if try insertAll(new, on: connection) { return .stored(earlier: earlier) }
        }
        throw EventsConflict()
    }

    /// Stores events unless one of their ids is taken.
    static func insertAll(_ events: [ProvenanceEvent], on connection: Connection) throws -> Bool {
        do {
            try connection.savepoint("insert_events") {
                guard try insert(events, on: connection).count == events.count else { throw EventsConflict() }
            }
            return true
        } catch is EventsConflict {
            return false
        }
    }

    private static let attempts = 5

    private static func lookup(_ events: [ProvenanceEvent]) -> [Parameter] {
        [
            .uuidArray(events.map(\.id)),
            .textArray(events.map { String(decoding: $0.payload, as: UTF8.self) }),
        ]
    }
}

/// Ids are taken, or another Weir keeps storing them; the batch is retried.
struct EventsConflict: Error, CustomStringConvertible {
    let description = "the same events are being stored by another Weir"
}
