/// One planned execution of one task of a simulated run; times are milliseconds since 1970.
struct SimulatedAttempt: Sendable {
    /// How it ends.
    enum Outcome: Sendable, Equatable {
        case completed
        /// Failed with an exit status; `action` is Nextflow's error action.
        case failed(exit: Int, action: String)
        /// Killed because the run ended.
        case aborted
        /// The executor refused it: never submitted, never started.
        case notSubmitted(action: String)
    }

    var taskID = 0
    let process: Int
    let sample: Int
    let attempt: Int
    let hash: String
    /// When Nextflow submitted it; `submit` is 0 where the executor refused it.
    let queued: Int64
    let submit: Int64
    let start: Int64
    var complete: Int64
    var outcome: Outcome
    /// Between 0 and 1: the used share of its request.
    let load: Double

    /// Whether it ran before it ended.
    var isStarted: Bool { start > 0 && (outcome != .aborted || start < complete) }

    /// Whether there are measurements of it: a task that failed has none (contract §10 (7)).
    var isMeasured: Bool { outcome == .completed }

    /// Whether it ends the run.
    var isFatal: Bool {
        switch outcome {
        case .failed(_, let action), .notSubmitted(let action): action == "TERMINATE" || action == "FINISH"
        case .completed, .aborted: false
        }
    }
}

/// How far a task has come.
enum SimulatedStage: Sendable {
    /// Made, and waiting for the executor.
    case new
    case submitted, running, finished
    /// Taken from the cache: an earlier run completed it.
    case cached
}

/// The versions of Nextflow by the order of the last events (contract §4.3).
enum SimulatedDialect: CaseIterable, Sendable {
    /// Up to 25.06: `error`, then the killed tasks, then `completed`.
    case errorFirst
    /// 25.10 and 26.04: `completed`, `error`, and a second `completed`.
    case completedTwice
    /// From 26.08: `completed`, then `error`.
    case errorLast

    var version: String {
        switch self {
        case .errorFirst: "24.10.4"
        case .completedTwice: "25.10.2"
        case .errorLast: "26.08.0"
        }
    }

    var build: Int {
        switch self {
        case .errorFirst: 5934
        case .completedTwice: 10555
        case .errorLast: 12003
        }
    }
}
