internal import Core
internal import Ingest
internal import Postgres

/// The executions that a batch of operations changes, and their changes: the rules of the surface, without SQL.
struct ExecutionTable {
    /// An execution as it will be.
    struct Entry {
        var execution: Execution
        /// As it is stored; nil for a new one.
        let stored: Execution?

        var isChanged: Bool { execution != stored }
    }

    private(set) var entries: [UUID128: Entry] = [:]
    private var keys: [String: UUID128] = [:]
    /// Outbox events, in order.
    private(set) var events: [OutboxEvent] = []
    private(set) var observations: [(execution: UUID128, seen: ExecutionObservation)] = []
    private(set) var artifacts: [(execution: UUID128, at: Timestamp, artifact: ExecutionArtifact)] = []

    init(_ stored: [Execution] = []) {
        for execution in stored { add(execution, stored: execution) }
    }

    private mutating func add(_ execution: Execution, stored: Execution?) {
        entries[execution.uuid] = Entry(execution: execution, stored: stored)
        if let key = execution.text(.createIdempotencyKey) { keys[key] = execution.uuid }
    }

    /// Applies an operation and stores its outcome.
    mutating func apply(_ element: inout ExecutionElement) {
        element.reached = []
        element.mismatch = nil
        switch element.operation {
        case .create(let execution): element.outcome = create(execution, element)
        case .change(let change):
            element.outcome = follow(&element) { ledger throws(ExecutionLedger.Refusal) in
                try ledger.apply(change)
            }
            guard case .changed? = element.outcome else { return }
            artifacts += change.artifacts.map { (element.id, element.cause.at, $0) }
        case .observe(let seen):
            element.outcome = follow(&element) { ledger throws(ExecutionLedger.Refusal) in
                try ledger.observe(seen)
            }
            guard case .changed(let execution)? = element.outcome else { return }
            element.outcome = .observed(seen, of: execution)
            observations.append((element.id, seen))
        }
    }

    private mutating func create(_ execution: Execution, _ element: ExecutionElement) -> ExecutionOutcome {
        let known = execution.text(.createIdempotencyKey).flatMap { keys[$0] }
        if let stored = known.flatMap({ entries[$0] }) ?? entries[execution.uuid] {
            guard stored.execution[.createRequestSHA256] == execution[.createRequestSHA256] else {
                return .conflict(
                    known == nil
                        ? "An execution with this uuid was made by another request."
                        : "This Idempotency-Key was used for another request."
                )
            }
            var entry = stored
            entry.execution.takeTrace(of: execution)
            entries[entry.execution.uuid] = entry
            return .repeated(entry.execution)
        }
        var ledger = ExecutionLedger(execution, element.cause)
        ledger.create()
        events += ledger.events
        add(ledger.execution, stored: nil)
        return .created(ledger.execution)
    }

    private mutating func follow(
        _ element: inout ExecutionElement,
        _ step: (inout ExecutionLedger) throws(ExecutionLedger.Refusal) -> Void
    ) -> ExecutionOutcome {
        guard var entry = entries[element.id] else { return .notFound }
        var ledger = ExecutionLedger(entry.execution, element.cause)
        do throws(ExecutionLedger.Refusal) {
            try step(&ledger)
        } catch {
            return .conflict(error.message)
        }
        entry.execution = ledger.execution
        entries[element.id] = entry
        events += ledger.events
        element.reached = ledger.reached
        element.mismatch = ledger.mismatch
        return .changed(ledger.execution)
    }

    // MARK: - Counts

    /// A count of executions in one state.
    struct Tally: Hashable, Comparable {
        let facet: String
        let value: String

        static func < (left: Tally, right: Tally) -> Bool {
            (left.facet, left.value) < (right.facet, right.value)
        }
    }

    private static let facets: [(facet: String, column: ExecutionColumn)] = [
        ("status", .status), ("submission", .submissionState), ("scheduler", .schedulerState),
        ("daliuge", .daliugeState), ("output", .outputState),
    ]

    /// What the changes add to the counts.
    var tallies: [(tally: Tally, count: Int64)] {
        var counts: [Tally: Int64] = [:]
        for entry in entries.values where entry.isChanged {
            for (facet, column) in Self.facets {
                if let value = entry.stored?.text(column) {
                    counts[Tally(facet: facet, value: value), default: 0] -= 1
                }
                if let value = entry.execution.text(column) {
                    counts[Tally(facet: facet, value: value), default: 0] += 1
                }
            }
            if let stored = entry.stored { counts[Self.project(stored), default: 0] -= 1 }
            counts[Self.project(entry.execution), default: 0] += 1
            counts[Tally(facet: "retries", value: "all"), default: 0] +=
                entry.execution.retryCount - (entry.stored?.retryCount ?? 0)
        }
        return counts.filter { $0.value != 0 }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private static func project(_ execution: Execution) -> Tally {
        let value = projectValue(execution.text(.projectModule) ?? "", execution.status.rawValue)
        return Tally(facet: "project", value: value)
    }

    /// How executions of a project in a status are counted: no status has a slash.
    static func projectValue(_ project: String, _ status: String) -> String { "\(status)/\(project)" }
}
