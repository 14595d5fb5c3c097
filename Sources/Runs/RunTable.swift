internal import Core
internal import Ingest

/// The runs that a batch of operations touches, and what becomes of them: the rules of the surface, without SQL.
///
/// Operations are applied in order. The first body of an event id wins; a second one that tells the end of a run which
/// is still open ends it (D17). No change of state is refused. Contract §1.4, §1.8, §1.9.
struct RunTable {
    /// A run, as it is stored or as it will be.
    struct Entry {
        var record: RunRecord
        /// When its first line had arrived.
        var receivedAt: Timestamp
        var isNew = false
        var isChanged = false
    }

    private(set) var entries: [UUID128: Entry]
    /// What others may react to, in order.
    private(set) var signals: [Signal] = []

    init(_ entries: [UUID128: Entry] = [:]) {
        self.entries = entries
    }

    /// Applies an operation and notes its outcome.
    mutating func apply(_ element: inout RunElement) {
        switch element.operation {
        case .create(let record): element.outcome = create(record, element)
        case .patch(let patch): element.outcome = change(element) { $0.apply(patch) } ?? .notFound
        case .closeStale(let patch): element.outcome = closeStale(patch, element)
        case .associate(let association):
            element.outcome = change(element) { $0.apply(association) } ?? .notFound
            if element.outcome == .updated, let run = entries[element.key] {
                element.outcome = .associated(runID: run.record.text(.runID) ?? "")
            }
        }
    }

    private mutating func create(_ record: RunRecord, _ element: RunElement) -> RunOutcome {
        guard let stored = entries[element.key] else {
            let complete = record.completed(at: element.at)
            entries[element.key] = Entry(record: complete, receivedAt: element.at, isNew: true)
            signal(nil, complete, element)
            return .created
        }
        if stored.record.isOpen, let end = RunPatch(lateEnd: record) {
            _ = change(element) { $0.apply(end) }
        }
        return .duplicate
    }

    /// A line that was written when the run looked abandoned may come behind the run's own end.
    private mutating func closeStale(_ patch: RunPatch, _ element: RunElement) -> RunOutcome {
        guard let run = entries[element.key] else { return .notFound }
        guard run.record.text(.status) == RunStatus.running.rawValue else { return .ended }
        signals.append(Self.signal("run.stale", run.record, element))
        return change(element) { $0.apply(patch) } ?? .notFound
    }

    private mutating func change(_ element: RunElement, _ apply: (inout RunRecord) -> Void) -> RunOutcome? {
        guard var entry = entries[element.key] else { return nil }
        let before = entry.record
        apply(&entry.record)
        entry.record.set(.updatedAt, element.at.iso8601(offset: .plusZero))
        entry.isChanged = true
        entries[element.key] = entry
        signal(before, entry.record, element)
        return .updated
    }

    /// A run that has begun, or has got another state.
    private mutating func signal(_ before: RunRecord?, _ after: RunRecord, _ element: RunElement) {
        guard let status = after.text(.status).flatMap(RunStatus.init(word:)) else { return }
        if before?[.status] == after[.status] { return }
        if before == nil, status.isTerminal { signals.append(Self.signal("run.started", after, element)) }
        signals.append(Self.signal(status.signal, after, element))
    }

    private static func signal(_ kind: String, _ record: RunRecord, _ element: RunElement) -> Signal {
        var writer = JSONWriter()
        writer.object { detail in
            for field in [RunField.runID, .agentName, .jobType, .status, .errorSummary, .durationMS] {
                if let value = record[field] { detail.member(field.name, raw: value) }
            }
        }
        return Signal(
            kind: kind,
            subject: record.text(.eventID) ?? "",
            at: element.at,
            detail: writer.bytes
        )
    }
}

extension RunStatus {
    /// How a change to this state is told.
    var signal: String {
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
    /// Whether nobody has told the end of the run yet.
    var isOpen: Bool { text(.status) == RunStatus.running.rawValue && self[.endTime] == nil }

    /// The record with the defaults for what was not sent. Contract §1.4, §2.2.
    func completed(at time: Timestamp) -> RunRecord {
        var record = self
        if record[.createdAt] == nil { record.set(.createdAt, time.iso8601(offset: .plusZero)) }
        // The reference's database wrote this one, in a spelling of its own.
        let seconds = time.iso8601().prefix(19).map { $0 == "T" ? " " : $0 }
        record.set(.updatedAt, String(seconds))
        if record[.status] == nil { record.set(.status, RunStatus.running.rawValue) }
        record[.schemaVersion] = Self.schemaVersion
        for field in RunField.allCases where record[field] == nil {
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
