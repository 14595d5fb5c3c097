package import Core
package import Ingest
package import Journal
package import Postgres

/// Turns the calls of Tower's client into rows: the call itself, then the runs, tasks and completions of the weblog.
///
/// Calls may be applied in any order. One whose run nobody has told yet waits in `tower_pending`; the call that tells
/// it applies them together. Contract nextflow §5, §10.
package struct TowerProjection: Projection {
    package let stream = "nextflow"
    package let kinds = [TowerLine.kind]
    package let stageCount = 2

    private let partitions: DayPartitions
    private let metrics: NextflowMetrics?
    private let merge: NextflowMerge

    /// Makes the projection; `metrics` gets the calls that are loaded live. Other features are not told of a call that
    /// arrived later than `mutedAfter` after it was sent.
    package init(
        partitions: DayPartitions,
        metrics: NextflowMetrics? = nil,
        mutedAfter: Duration = .seconds(6 * 3600)
    ) {
        self.partitions = partitions
        self.metrics = metrics
        merge = NextflowMerge(mutedAfter: mutedAfter, noticesEnds: metrics != nil)
    }

    package func decode(_ line: JournalLine, journal: UUID128) throws(Refusal) -> [TowerElement] {
        [TowerElement(try TowerMessage(line, journal: journal))]
    }

    package func prepare(_ connection: Connection) throws {
        try NextflowApplyStore.prepare(connection)
    }

    package func prepare(_ elements: [TowerElement], on connection: Connection) throws {
        try partitions.ensure(elements.map(\.receivedAt), on: connection)
    }

    package func apply(stage: Int, to elements: inout [TowerElement], on connection: Connection) throws {
        if stage == 0 {
            try ResendMarker.mark(&elements, on: connection)
            try TowerApplyStore.insertCalls(elements, on: connection)
        } else {
            try project(&elements, on: connection)
        }
    }

    package func committed(_ elements: [TowerElement]) {
        guard let metrics else { return }
        for element in elements { metrics.observe(element) }
    }

    // MARK: - Rows

    private func project(_ elements: inout [TowerElement], on connection: Connection) throws {
        let messages = elements.map(\.message)
        let runs = try TowerApplyStore.tellWorkflows(messages, on: connection)
        let (ready, early) = messages.partitioned { runs[$0.workflowID] != nil }
        try TowerApplyStore.keep(early, on: connection)
        let told = Set(messages.filter { $0.run != nil }.flatMap(\.workflowIDs))
        elements[0].events = try apply(ready, of: runs, on: connection)
        while true {
            let waited = try TowerApplyStore.takePending(of: told, on: connection)
            if waited.isEmpty { return }
            elements[0].events += try apply(waited, of: runs, on: connection)
        }
    }

    /// Applies calls; returns those of their events that made something new.
    private func apply(
        _ messages: [TowerMessage],
        of runs: [String: TowerRun],
        on connection: Connection
    ) throws -> [NextflowElement] {
        try TowerApplyStore.tellRuns(TowerFacts.byRun(messages, runs), on: connection)
        try TowerApplyStore.tellContainers(TowerContainer.all(messages, runs), on: connection)
        let events = messages.flatMap { message in
            runs[message.workflowID].map(message.events(of:)) ?? []
        }
        return try apply(events.map(NextflowElement.init), on: connection)
            .filter { $0.isNewCompletion || !$0.finishedRuns.isEmpty }
    }

    /// Applies events in portions for which there are ids.
    private func apply(_ elements: [NextflowElement], on connection: Connection) throws -> [NextflowElement] {
        var applied: [NextflowElement] = []
        applied.reserveCapacity(elements.count)
        var rest = elements[...]
        while !rest.isEmpty {
            var portion = Array(rest.prefix(NextflowApplyStore.idBlock))
            rest = rest.dropFirst(portion.count)
            let first = try NextflowApplyStore.claimIDs(count: portion.count, on: connection)
            for index in portion.indices { portion[index].telemetryID = first + Int64(index) }
            try merge.apply(to: &portion, on: connection)
            applied += portion
        }
        return applied
    }
}

extension Sequence {
    /// The elements that fulfil a condition, and the others, each in their order.
    fileprivate func partitioned(_ condition: (Element) throws -> Bool) rethrows -> ([Element], [Element]) {
        var (matching, others): ([Element], [Element]) = ([], [])
        for element in self {
            if try condition(element) { matching.append(element) } else { others.append(element) }
        }
        return (matching, others)
    }
}
