package import Core
package import Ingest
package import Journal
package import Postgres

/// Turns weblog events into rows: first raw rows, then runs, tasks, completions and rollups.
///
/// Every merge is a least, a greatest, or "the latest by the sender's time", so events may be applied in any order;
/// completions are only inserted, and rollups count only inserted ones. Duplicates are recognised here: resends by
/// `recent_digest`, completions by their key.
package struct NextflowProjection: Projection {
    package let stream = "nextflow"
    package let kinds = [NextflowProjection.kind]
    package let stageCount = 2

    /// The kind of a weblog event's line.
    package static let kind = "nextflow.event/1"

    private let partitions: DayPartitions
    private let metrics: NextflowMetrics?
    private let merge: NextflowMerge

    /// Makes the projection; `metrics` gets the events that are loaded live. Other features are not told of an event
    /// that arrived later than `mutedAfter` after it happened.
    package init(
        partitions: DayPartitions,
        metrics: NextflowMetrics? = nil,
        mutedAfter: Duration = .seconds(6 * 3600)
    ) {
        self.partitions = partitions
        self.metrics = metrics
        merge = NextflowMerge(mutedAfter: mutedAfter, noticesEnds: metrics != nil)
    }

    package func decode(_ line: JournalLine, journal: UUID128) throws(Refusal) -> [NextflowElement] {
        do throws(NextflowFault) {
            return [NextflowElement(try NextflowDecoder.event(line, journal: journal))]
        } catch {
            throw Refusal(reason: "not a weblog event: \(error.reason)")
        }
    }

    package func prepare(_ connection: Connection) throws {
        try NextflowApplyStore.prepare(connection)
    }

    package func prepare(_ elements: [NextflowElement], on connection: Connection) throws {
        try partitions.ensure(elements.map(\.event.receivedAt), on: connection)
    }

    package func apply(stage: Int, to elements: inout [NextflowElement], on connection: Connection) throws {
        if stage == 0 {
            try store(&elements, on: connection)
        } else {
            try project(&elements, on: connection)
        }
    }

    package func restore(_ elements: inout [NextflowElement], on connection: Connection) throws {
        for index in elements.indices {
            guard let row = try NextflowApplyStore.fetchTelemetry(elements[index].event, on: connection)
            else {
                continue
            }
            elements[index].telemetryID = row.id
            elements[index].isResend = row.isResend
        }
    }

    package func committed(_ elements: [NextflowElement]) {
        guard let metrics else { return }
        for element in elements { metrics.observe(element) }
    }

    // MARK: - Stages

    /// Stores the raw rows and their counts.
    private func store(_ elements: inout [NextflowElement], on connection: Connection) throws {
        try ResendMarker.mark(&elements, on: connection)
        let first = try NextflowApplyStore.claimIDs(count: elements.count, on: connection)
        for index in elements.indices { elements[index].telemetryID = first + Int64(index) }
        try NextflowApplyStore.insertTelemetry(elements, on: connection)
        try NextflowApplyStore.rollEvents(EventCount.counts(of: elements), on: connection)
    }

    /// Stores the typed rows.
    private func project(_ elements: inout [NextflowElement], on connection: Connection) throws {
        try merge.apply(to: &elements, on: connection)
    }
}

/// The number of raw events with a name in one second.
struct EventCount: Hashable, Sendable {
    var event: String
    var second: Timestamp
    var rows: Int64

    /// Counts the events that are not resends.
    static func counts(of elements: [NextflowElement]) -> [EventCount] {
        struct Key: Hashable {
            let event: String
            let second: Int64
        }
        var counts: [Key: Int64] = [:]
        for element in elements where !element.isResend {
            let microseconds = element.event.utcTime.microseconds
            let remainder = microseconds % 1_000_000
            let second = microseconds - (remainder < 0 ? remainder + 1_000_000 : remainder)
            counts[Key(event: indexable(element.event.event), second: second), default: 0] += 1
        }
        return counts.map { key, rows in
            EventCount(event: key.event, second: Timestamp(microseconds: key.second), rows: rows)
        }
    }
}
