internal import Core

/// An execution: the values of its columns as JSON text, and the ways to read and set them.
struct Execution: Hashable, Sendable {
    /// The value of each column that is not null.
    private(set) var values: [ExecutionColumn: [UInt8]] = [:]

    /// Reads a row that PostgreSQL turned into JSON; nil when it is none.
    init?(row: [UInt8]) {
        guard let document = try? JSONDocument(row), document.root.kind == .object else { return nil }
        for member in document.root.members {
            guard let column = ExecutionColumn(rawValue: member.key.string ?? ""), !member.value.isNull else {
                continue
            }
            values[column] = Array(member.value.rawBytes)
        }
    }

    /// A new one with the defaults of the contract. Contract beampipe §9.
    init(new uuid: UUID128, at time: Timestamp) {
        set(.uuid, uuid)
        set(.status, LedgerStatus.pending.rawValue)
        set(.controlPhase, ControlPhase.discovered.rawValue)
        set(.submissionState, SubmissionState.notStarted.rawValue)
        set(.schedulerState, SchedulerState.notSubmitted.rawValue)
        set(.daliugeState, DaliugeState.notCreated.rawValue)
        set(.outputState, OutputState.notStarted.rawValue)
        values[.sources] = Array("[]".utf8)
        values[.phaseTimestamps] = Array("{}".utf8)
        values[.outputVerificationRequired] = Array("false".utf8)
        values[.retryCount] = Array("0".utf8)
        set(.createdAt, time)
        set(.updatedAt, time)
    }

    /// The JSON text of a value; null is nil.
    subscript(column: ExecutionColumn) -> [UInt8]? {
        get { values[column] }
        set { values[column] = newValue }
    }

    mutating func set(_ column: ExecutionColumn, _ text: String?) {
        values[column] = text.map(JSONText.quoted)
    }

    mutating func set(_ column: ExecutionColumn, _ time: Timestamp?) {
        set(column, time?.iso8601())
    }

    mutating func set(_ column: ExecutionColumn, _ uuid: UUID128) { set(column, uuid.description) }

    // MARK: - Reading

    func text(_ column: ExecutionColumn) -> String? { values[column].flatMap { JSONText.string($0[...]) } }

    func time(_ column: ExecutionColumn) -> Timestamp? { text(column).flatMap { Timestamp(lenient: $0) } }

    /// The value of a JSON column; nil for null.
    func tree(_ column: ExecutionColumn) -> JSONTree? { values[column].flatMap(JSONTree.init(json:)) }

    func word<Word: RawRepresentable>(_ column: ExecutionColumn) -> Word? where Word.RawValue == String {
        text(column).flatMap(Word.init(rawValue:))
    }

    var uuid: UUID128 {
        guard let uuid = text(.uuid).flatMap({ UUID128($0) }) else {
            preconditionFailure("BUG: an execution has a uuid")
        }
        return uuid
    }

    var status: LedgerStatus { word(.status) ?? .pending }

    var retryCount: Int64 { values[.retryCount].flatMap { Int64(String(decoding: $0, as: UTF8.self)) } ?? 0 }

    /// Whether its outputs have to be verified before it is complete.
    var needsOutputs: Bool {
        values[.outputVerificationRequired].map { $0.elementsEqual("true".utf8) } ?? false
    }

    var axes: Reconciliation.Axes {
        Reconciliation.Axes(
            submission: word(.submissionState) ?? .notStarted,
            scheduler: word(.schedulerState) ?? .unknown,
            daliuge: word(.daliugeState) ?? .unknown,
            output: word(.outputState) ?? .unknown,
            needsOutputs: needsOutputs
        )
    }

    /// The identifiers of its sources, in order.
    var sourceIdentifiers: [String] {
        guard case .array(let sources) = tree(.sources) ?? .empty else { return [] }
        return sources.compactMap { $0["source_identifier"]?.string ?? $0.string }
    }

    /// The run record within the manifest.
    var runRecord: JSONTree? { tree(.workflowManifest)?[RunRecord.member] }
}
