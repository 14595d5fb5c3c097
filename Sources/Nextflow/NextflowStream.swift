package import Core
package import Ingest
package import Journal
package import Postgres

/// The stream of both of Nextflow's clients, so that a read waits for what either has told, and a replay keeps their order.
package struct NextflowStream: Projection {
    /// What a line holds.
    package enum Item: Sendable {
        case event(NextflowElement)
        case call(TowerElement)
    }

    package let stream = "nextflow"
    package let stageCount = 2
    /// A call of Tower's client may have megabytes.
    package let decodesInParallel = true
    private let weblog: NextflowProjection
    private let tower: TowerProjection

    package var kinds: [String] { weblog.kinds + tower.kinds }

    /// Makes the projection; `metrics` gets what is loaded live. Other features are not told of what arrived later than
    /// `mutedAfter` after it happened.
    package init(metrics: NextflowMetrics? = nil, mutedAfter: Duration = .seconds(6 * 3600)) {
        weblog = NextflowProjection(partitions: .telemetry, metrics: metrics, mutedAfter: mutedAfter)
        tower = TowerProjection(partitions: .towerCalls, metrics: metrics, mutedAfter: mutedAfter)
    }

    package func decode(_ line: JournalLine, journal: UUID128) throws(Refusal) -> [Item] {
        if line.kind == TowerLine.kind {
            try tower.decode(line, journal: journal).map(Item.call)
        } else {
            try weblog.decode(line, journal: journal).map(Item.event)
        }
    }

    package func prepare(_ connection: Connection) throws {
        try NextflowApplyStore.prepare(connection)
    }

    package func prepare(_ items: [Item], on connection: Connection) throws {
        let (events, calls) = Self.split(items)
        try weblog.prepare(events, on: connection)
        try tower.prepare(calls, on: connection)
    }

    package func apply(stage: Int, to items: inout [Item], on connection: Connection) throws {
        try change(&items) { events in
            try weblog.apply(stage: stage, to: &events, on: connection)
        } _: { calls in
            try tower.apply(stage: stage, to: &calls, on: connection)
        }
    }

    package func restore(_ items: inout [Item], on connection: Connection) throws {
        try change(&items) { events in
            try weblog.restore(&events, on: connection)
        } _: { calls in
            try tower.restore(&calls, on: connection)
        }
    }

    package func committed(_ items: [Item]) {
        let (events, calls) = Self.split(items)
        weblog.committed(events)
        tower.committed(calls)
    }

    // MARK: - The two kinds

    private static func split(_ items: [Item]) -> ([NextflowElement], [TowerElement]) {
        var (events, calls): ([NextflowElement], [TowerElement]) = ([], [])
        for item in items {
            switch item {
            case .event(let event): events.append(event)
            case .call(let call): calls.append(call)
            }
        }
        return (events, calls)
    }

    /// Changes the items of each kind together, and leaves all of them where they are.
    private func change(
        _ items: inout [Item],
        _ changeEvents: (inout [NextflowElement]) throws -> Void,
        _ changeCalls: (inout [TowerElement]) throws -> Void
    ) throws {
        var (events, calls) = Self.split(items)
        if !events.isEmpty { try changeEvents(&events) }
        if !calls.isEmpty { try changeCalls(&calls) }
        var (nextEvent, nextCall) = (events.makeIterator(), calls.makeIterator())
        for index in items.indices {
            switch items[index] {
            case .event: if let event = nextEvent.next() { items[index] = .event(event) }
            case .call: if let call = nextCall.next() { items[index] = .call(call) }
            }
        }
    }
}
