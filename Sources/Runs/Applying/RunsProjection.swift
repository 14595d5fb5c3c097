package import Core
package import Ingest
package import Journal
package import Postgres

/// Turns lines of the runs surface into rows.
package struct RunsProjection: Projection {
    /// The name of the stream.
    static let streamName = "runs"

    package let stream = RunsProjection.streamName
    package let kinds = Kind.allCases.map(\.rawValue)
    package let stageCount = 1

    /// The kinds of lines.
    enum Kind: String, CaseIterable {
        /// A posted run.
        case create = "run.create/1"
        /// A posted array of runs.
        case batch = "run.batch/1"
        /// A PATCH; the member `event_id` names the run.
        case patch = "run.patch/1"
        /// The maintenance job `runs.stale` ends an abandoned run: a patch that applies only while the run is
        /// running.
        case stale = "run.stale/1"
        /// A commit; the member `event_id` names the run.
        case commit = "run.commit/1"
        /// A ping of a check.
        case ping = "ping/1"
    }

    /// The outcomes of a line's operations, by their indices in it.
    package typealias Outcomes = [Int: RunWriteOutcome]

    /// Connects the routes and the loader.
    package typealias Board = OutcomeBoard<ParsedRunLine, Outcomes>

    private let board: Board?
    private let metrics: RunsMetrics?
    private let mostBytes: Int

    /// Makes the projection; `board` and `metrics` get everything that is loaded live. `mostBytes` is the most memory
    /// of stored runs while a batch changes them: they are larger than the lines that name them.
    package init(board: Board? = nil, metrics: RunsMetrics? = nil, mostBytes: Int = 64 << 20) {
        self.board = board
        self.metrics = metrics
        self.mostBytes = mostBytes
    }

    package func decode(_ line: JournalLine, journal: UUID128) throws(Refusal) -> [RunElement] {
        guard let kind = Kind(rawValue: line.kind) else {
            throw Refusal(reason: "not a line of the runs surface: \(line.kind)")
        }
        if kind == .ping { return [Self.element(line, .pinged(try Ping(line: line.body)), "")] }
        // Parsing a run costs as much as everything else here.
        switch board?.takeParsed(line.seq)?.content {
        case .runs(let drafts): return Self.elements(line, drafts)
        case .change(let operation, let eventID): return [Self.element(line, operation, eventID)]
        case nil: break
        }
        do {
            let shape: RunDecoder.Shape = kind == .batch ? .batch : .record
            let document = try RunDecoder.document(Array(line.body), isJSON: true, as: shape)
            switch kind {
            case .create: return Self.elements(line, [try RunDecoder.run(document)])
            case .batch: return Self.elements(line, try RunDecoder.batch(document))
            case .patch: return try Self.element(line, .patch(try RunPatch(document)))
            case .stale: return try Self.element(line, .closeStale(try RunPatch(document)))
            case .commit: return try Self.element(line, .associate(try CommitAssociation(document)))
            case .ping: return []
            }
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw Refusal(reason: "not a body of the runs surface")
        }
    }

    package func prepare(_ connection: Connection) throws {
        try RunsApplyStore.prepare(connection)
    }

    package func prepare(_ elements: [RunElement], on connection: Connection) throws {}

    package func apply(stage: Int, to elements: inout [RunElement], on connection: Connection) throws {
        let pings = elements.compactMap(\.ping)
        guard !pings.isEmpty else { return try apply(to: &elements, on: connection) }
        var book = try PingsApplyStore.book(pings, on: connection)
        var work: [(place: Int, element: RunElement)] = []
        for (place, element) in elements.enumerated() {
            let effects = element.ping.map { book.add($0, element) } ?? [element]
            work += effects.map { (place, $0) }
        }
        var effects = work.map(\.element)
        try apply(to: &effects, on: connection)
        for (place, effect) in zip(work.map(\.place), effects) {
            elements[place].outcome = effect.outcome
            elements[place].finished = effect.finished ?? elements[place].finished
        }
        try PingsApplyStore.store(book, on: connection)
    }

    private func apply(to elements: inout [RunElement], on connection: Connection) throws {
        let keys = Set(elements.map(\.key))
        let isHeard = try OutboxStore.hasConsumers(on: connection)
        // Another Weir may have stored one of these runs since the last read: then its body wins, and this reads
        // again.
        for _ in 0..<Self.attempts {
            var table = RunTable(
                try RunsApplyStore.fetch(keys, mostBytes: mostBytes, on: connection),
                isHeard: isHeard
            )
            for index in elements.indices { table.apply(&elements[index]) }
            if try RunsApplyStore.store(table, on: connection) { return }
        }
        throw RunsConflict()
    }

    package func committed(_ elements: [RunElement]) {
        var outcomes: [Int64: Outcomes] = [:]
        for element in elements {
            guard let outcome = element.outcome else { continue }
            outcomes[element.seq, default: [:]][element.place] = outcome
            metrics?.loaded(outcome, finished: element.finished)
        }
        board?.settle(outcomes)
    }

    private static let attempts = 5

    // MARK: - Elements

    /// The operations of a line's runs; runs that the table refuses were refused by the endpoint.
    private static func elements(_ line: JournalLine, _ drafts: [RunDraft]) -> [RunElement] {
        var rows = RunsApplyStore.rows(for: drafts.count)
        let defaults = RunDefaults(at: line.at)
        let contexts = RunLine.contexts(line.members)
        var accepted: [(place: Int, key: UUID128, draft: RunDraft, record: RunRecord)] = []
        for (place, draft) in drafts.enumerated() where draft.conflicts.isEmpty {
            let key = RunKeys.run(draft.eventID)
            let record = draft.record.completed(with: defaults)
            rows.append(run: record, key, receivedAt: line.at)
            accepted.append((place, key, draft, record))
        }
        return accepted.enumerated().map { row, run in
            var new = NewRun(sent: run.draft.record, record: run.record, rows: rows, row: row)
            new.trace = contexts[run.place].map { RunTraceClaim($0, at: line.at) }
            return RunElement(
                seq: line.seq,
                at: line.at,
                place: run.place,
                key: run.key,
                operation: .create(new)
            )
        }
    }

    /// A change, decoded from its line.
    private static func element(_ line: JournalLine, _ operation: RunOperation) throws(Refusal)
        -> [RunElement]
    {
        guard let eventID = RunLine.eventID(line.members) else {
            throw Refusal(reason: "the line does not name its run")
        }
        return [element(line, operation, eventID)]
    }

    private static func element(
        _ line: JournalLine,
        _ operation: RunOperation,
        _ eventID: String
    ) -> RunElement {
        RunElement(
            seq: line.seq,
            at: line.at,
            place: 0,
            key: RunKeys.run(eventID),
            operation: operation
        )
    }
}

/// Another Weir keeps storing the same runs; the batch is retried.
struct RunsConflict: Error, CustomStringConvertible {
    let description = "the same runs are being stored by another Weir"
}
