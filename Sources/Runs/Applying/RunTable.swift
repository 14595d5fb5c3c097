internal import Core
internal import Ingest

/// The runs that a batch of operations changes, and their changes: the rules of the surface, without SQL.
///
/// Operations are applied in order. The first body of an event id wins; a second one that contains the end of a run
/// that is still open ends it (D17). No change of state is refused. Contract §1.4, §1.8, §1.9.
struct RunTable {
    /// A run as it is stored, or as it will be.
    struct Entry {
        var record: RunRecord
        /// When its first line arrived.
        var receivedAt: Timestamp
        var isNew = false
        var isChanged = false
        /// Its row, ready to be copied; nil once it has changed.
        var encoded: NewRun?
        /// Its stored status; nil for a new run.
        var storedStatus: String?
        /// When the line arrived that gave it its status; nil while it is the stored one.
        var statusAt: Timestamp?
    }

    private(set) var entries: [UUID128: Entry]
    /// The keys of new runs, in the order of their lines.
    private(set) var newKeys: [UUID128] = []
    /// What the lines say of the traces of their runs.
    private(set) var traces: [UUID128: RunTraceClaim] = [:]
    /// Outbox events, in order.
    private(set) var events: [OutboxEvent] = []

    private let isHeard: Bool
    /// The status with which the current element ended the run.
    private var finished: RunStatus?

    /// Makes a table of stored runs; without `isHeard` no outbox events are made, since there is no consumer.
    init(_ entries: [UUID128: Entry] = [:], isHeard: Bool = true) {
        self.entries = entries
        self.isHeard = isHeard
    }

    /// Applies an operation and stores its outcome.
    mutating func apply(_ element: inout RunElement) {
        finished = nil
        defer { element.finished = finished }
        switch element.operation {
        case .create(let run): element.outcome = create(run, element)
        case .patch(let patch): element.outcome = change(element) { $0.apply(patch) } ?? .notFound
        case .closeStale(let patch): element.outcome = closeStale(patch, element)
        case .ping(let ping): element.outcome = tell(ping, element)
        case .pinged: break
        case .associate(let association):
            element.outcome = change(element) { $0.apply(association) } ?? .notFound
            if element.outcome == .updated, let run = entries[element.key] {
                element.outcome = .associated(runID: run.record.text(.runID) ?? "")
            }
        }
    }

    private mutating func create(_ run: NewRun, _ element: RunElement) -> RunWriteOutcome {
        if let trace = run.trace, traces[element.key].map({ trace.wins(over: $0) }) ?? true {
            traces[element.key] = trace
        }
        guard let stored = entries[element.key] else {
            let entry = Entry(record: run.record, receivedAt: element.at, isNew: true, encoded: run)
            entries[element.key] = entry
            newKeys.append(element.key)
            finished = Self.end(nil, run.record)
            report(nil, run.record, element)
            return .created
        }
        if stored.record.isOpen, let end = RunPatch(lateEnd: run.sent) {
            _ = change(element) { $0.apply(end) }
        }
        return .duplicate
    }

    /// A line that was written when the run looked abandoned may come behind the run's own end.
    private mutating func closeStale(_ patch: RunPatch, _ element: RunElement) -> RunWriteOutcome {
        guard let run = entries[element.key] else { return .notFound }
        guard run.record.text(.status) == RunStatus.running.rawValue else { return .ended }
        if isHeard { events.append(OutboxEvent("run.stale", run.record, element)) }
        return change(element) { $0.apply(patch) } ?? .notFound
    }

    /// A ping says when a run began or how it ended; the first that is heard of a run makes it.
    private mutating func tell(_ ping: PingRun, _ element: RunElement) -> RunWriteOutcome {
        guard let stored = entries[element.key] else { return create(ping.new, element) }
        var record = stored.record
        guard record.tell(start: ping.start, end: ping.end) else { return .duplicate }
        return change(element) { $0 = record } ?? .notFound
    }

    private mutating func change(_ element: RunElement, _ apply: (inout RunRecord) -> Void)
        -> RunWriteOutcome?
    {
        guard var entry = entries[element.key] else { return nil }
        let before = entry.record
        apply(&entry.record)
        entry.record.set(.updatedAt, element.at.iso8601(offset: .plusZero))
        entry.isChanged = true
        entry.encoded = nil
        if before[.status] != entry.record[.status] {
            entry.statusAt = element.at
            finished = Self.end(before, entry.record)
        }
        entries[element.key] = entry
        report(before, entry.record, element)
        return .updated
    }

    /// The status with which a change ended the run; nil when it did not.
    private static func end(_ before: RunRecord?, _ after: RunRecord) -> RunStatus? {
        guard let word = after[.status], word != before?[.status], !word.elementsEqual(running) else {
            return nil
        }
        return JSONText.string(word).flatMap(RunStatus.init(word:))
    }

    private static let running = JSONText.quoted(RunStatus.running.rawValue)

    /// Adds an outbox event for a run that has begun, or has changed its state.
    private mutating func report(_ before: RunRecord?, _ after: RunRecord, _ element: RunElement) {
        guard isHeard, let status = after.text(.status).flatMap(RunStatus.init(word:)) else { return }
        if before?[.status] == after[.status] { return }
        if before == nil, status.isTerminal { events.append(OutboxEvent("run.started", after, element)) }
        events.append(OutboxEvent(status.outboxKind, after, element))
    }
}

extension RunStatus {
    /// The kind of the outbox event for a change to this state.
    var outboxKind: String {
        switch self {
        case .running: "run.started"
        case .success: "run.succeeded"
        case .failure: "run.failed"
        case .partial: "run.partial"
        case .timeout: "run.timed_out"
        case .cancelled: "run.cancelled"
        }
    }
}

extension RunRecord {
    /// Whether the end of the run has not been reported yet.
    var isOpen: Bool { text(.status) == RunStatus.running.rawValue && !has(.endTime) }

    /// When the run was created; nil if its client's text is not a time.
    var createdInstant: Timestamp? { text(.createdAt).flatMap { RunTimestamp.instant(of: $0) } }

    /// The record with the defaults of absent members. Contract §1.4, §2.2.
    func completed(with defaults: RunDefaults) -> RunRecord {
        var record = self
        if !record.has(.createdAt) { record[.createdAt] = defaults.createdAt }
        record[.updatedAt] = defaults.updatedAt
        if !record.has(.status) { record[.status] = defaults.status }
        record[.schemaVersion] = Self.schemaVersion
        for field in RunField.all where !record.has(field) {
            switch field.rule {
            case .counter, .optionalCounter: record[field] = Self.zero
            case .flag: record[field] = Self.no
            default: break
            }
        }
        return record
    }

    mutating func apply(_ patch: RunPatch) {
        for change in patch.changes { self[change.field] = change.value }
    }

    mutating func apply(_ association: CommitAssociation) {
        self[.gitCommitHash] = association.hash
        self[.gitCommitSource] = association.source
        self[.gitCommitAuthor] = association.author
        self[.gitCommitTimestamp] = association.timestamp
    }

    private static let schemaVersion = Array("7".utf8)[...]
    private static let zero = Array("0".utf8)[...]
    private static let no = Array("false".utf8)[...]
}

/// The defaults of members that a client did not send, by the time of the line.
struct RunDefaults {
    let createdAt: ArraySlice<UInt8>
    /// The reference's database wrote this one, in its own spelling.
    let updatedAt: ArraySlice<UInt8>
    let status = JSONText.quoted(RunStatus.running.rawValue)[...]

    init(at time: Timestamp) {
        createdAt = JSONText.quoted(time.iso8601(offset: .plusZero))[...]
        let seconds = time.iso8601().prefix(19).map { $0 == "T" ? " " : $0 }
        updatedAt = JSONText.quoted(String(seconds))[...]
    }
}
