/// What a stage is doing; the words are those of the wire. Contract pipelogiq §7.1.
package enum StageStatus: String, CaseIterable, Sendable {
    case notStarted = "NotStarted"
    case pending = "Pending"
    case running = "Running"
    case retryScheduled = "RetryScheduled"
    case completed = "Completed"
    case failed = "Failed"
    case skipped = "Skipped"

    /// Whether a worker has it: only then a result counts.
    var isActive: Bool { self == .pending || self == .running }
    /// Whether it counts as done well.
    var isDone: Bool { self == .completed || self == .skipped }
    /// Whether nothing more will come.
    var isOver: Bool { isDone || self == .failed }
}

/// What a pipeline is doing; the words are those of the wire. Contract pipelogiq §7.1.
package enum PipelineStatus: String, CaseIterable, Sendable {
    case notStarted = "NotStarted"
    case running = "Running"
    case completed = "Completed"
    case failed = "Failed"

    /// The status that the stages give, as answers show it.
    ///
    /// A pipeline of which some stages are done and no other has begun is running: the original calls it
    /// `NotStarted`.
    init(of stages: some Collection<StageStatus>) {
        let isActive = stages.contains { $0.isActive || $0 == .retryScheduled }
        if stages.contains(.failed), !isActive {
            self = .failed
        } else if stages.allSatisfy({ $0 == .notStarted }) {
            self = .notStarted
        } else if stages.allSatisfy(\.isDone) {
            self = .completed
        } else {
            self = .running
        }
    }
}
