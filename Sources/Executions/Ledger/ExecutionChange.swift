internal import Core

/// What a PATCH changes. Contract beampipe §5.3, §5.5.
struct ExecutionChange: Hashable, Sendable {
    /// The new values of columns; nil sets null.
    var values: [ExecutionColumn: [UInt8]?] = [:]
    /// The wish for another status.
    var status: LedgerStatus?
    /// What is new in the run record.
    var runRecord: JSONTree?
    /// Why a retry is asked for.
    var reason: String?
    var artifacts: [ExecutionArtifact] = []

    /// Whether a column is set, be it to null.
    func sets(_ column: ExecutionColumn) -> Bool { values[column] != nil }
}

/// What an execution used or made. Contract beampipe §5.2.
struct ExecutionArtifact: Hashable, Sendable {
    static let kinds = ["manifest", "source_graph", "patched_graph", "physical_graph", "output_inventory"]
    static let storageKinds = ["database", "file", "remote", "http"]

    var kind: String
    var storageKind: String
    var uri: String?
    var inlineJSON: [UInt8]?
    var mediaType: String?
    var sha256: String
    var sizeBytes: Int64?
    var producerPhase: String?
    var metadata: [UInt8]
}

/// What was seen of an execution. Contract beampipe §5.2.
struct ExecutionObservation: Hashable, Sendable {
    enum Kind: String, CaseIterable, Sendable {
        case scheduler
        case daliugeSession = "daliuge_session"
        case daliugeGraph = "daliuge_graph"
        case output

        /// The states that it may report.
        var states: [String] {
            switch self {
            case .scheduler: SchedulerState.allCases.map(\.rawValue)
            case .daliugeSession, .daliugeGraph: DaliugeState.allCases.map(\.rawValue)
            case .output: OutputState.allCases.map(\.rawValue)
            }
        }
    }

    /// Whether its state comes before another one, of two that were seen at the same time: in whatever order they come, the
    /// later one stays.
    func isBefore(_ other: String) -> Bool {
        func rank(_ state: String) -> Int {
            state == "unknown" || state == "unreachable" ? -1 : kind.states.firstIndex(of: state) ?? -1
        }
        return rank(state) < rank(other)
    }

    var uuid: UUID128
    var kind: Kind
    var state: String
    var rawState: String?
    var reason: String?
    var payload: [UInt8]
    var sourceVersion: String?
    var observedAt: Timestamp
}
