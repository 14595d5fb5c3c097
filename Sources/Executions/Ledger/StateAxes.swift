/// The states of the axes of an execution. Contract beampipe §5.4.
enum SubmissionState: String, CaseIterable, Sendable {
    case notStarted = "not_started"
    case preparing
    case inFlight = "in_flight"
    case submitted, uncertain, failed
}

/// What the scheduler says.
enum SchedulerState: String, CaseIterable, Sendable {
    case notSubmitted = "not_submitted"
    case pending, running, succeeded, failed, cancelled
    case timedOut = "timed_out"
    case unknown

    var isActive: Bool { self == .pending || self == .running }
}

/// What the engine says of its session.
enum DaliugeState: String, CaseIterable, Sendable {
    case notCreated = "not_created"
    case pristine, building, deploying, running, finished, cancelled, failed, unknown, unreachable

    var isActive: Bool {
        switch self {
        case .pristine, .building, .deploying, .running: true
        default: false
        }
    }

    /// Whether nothing is known of the session.
    var isUnknown: Bool {
        switch self {
        case .notCreated, .unknown, .unreachable: true
        default: false
        }
    }
}

/// What is known of the outputs.
enum OutputState: String, CaseIterable, Sendable {
    case notStarted = "not_started"
    case pending, verifying, verified, failed, unknown
}

/// How far an execution has come.
enum ControlPhase: String, CaseIterable, Sendable {
    case discovered
    case admissionPending = "admission_pending"
    case admitted
    case manifestGenerated = "manifest_generated"
    case graphPatched = "graph_patched"
    case translated
    case submissionPending = "submission_pending"
    case submitted, monitoring
    case outputVerification = "output_verification"
    case terminal
}

/// What a job is about.
enum ExecutionPhase: String, CaseIterable, Sendable {
    case stageAndManifest = "stage_and_manifest"
    case submit
}

/// How an execution has ended.
enum TerminalOutcome: String, CaseIterable, Sendable {
    case succeeded, failed, cancelled, inconsistent
}

/// Why an execution has failed. Contract beampipe §6.2.
enum FailureClass: String, CaseIterable, Sendable {
    case validation, configuration, authentication, authorization
    case notFound = "not_found"
    case conflict
    case dependencyUnavailable = "dependency_unavailable"
    case connectivity, timeout
    case rateLimited = "rate_limited"
    case unsupported, cancelled
    case inconsistentState = "inconsistent_state"
    case `internal`
}
