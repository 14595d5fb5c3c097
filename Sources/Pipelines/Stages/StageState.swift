internal import Core

/// What the transition function reads and changes of a stage.
struct StageState: Hashable, Sendable {
    let id: Int64
    let pipelineID: Int64
    let name: String
    var status = StageStatus.notStarted
    var startedAt: Timestamp?
    var finishedAt: Timestamp?
    var isSkipped = false
    var isEvent = false
    var retryAttempt = 0
    var nextRetryAt: Timestamp?
    var maxRetries = 0
    /// In seconds.
    var retryInterval = 0

    init(id: Int64, pipelineID: Int64, name: String) {
        self.id = id
        self.pipelineID = pipelineID
        self.name = name
    }
}

/// What the stages make of their pipeline: a function of them and of whether it has ever begun.
struct PipelineState: Hashable, Sendable {
    var status = PipelineStatus.notStarted
    var isCompleted = false
    var finishedAt: Timestamp?
    var wasStarted = false

    /// It is over with the first stage that fails for good, or when all stages are done. Contract pipelogiq §7.3.
    ///
    /// The time of the end is taken from the stages, so that it does not depend on the order in which they are told.
    init(of stages: some Collection<StageState>, wasStarted: Bool) {
        let failures = stages.filter { $0.status == .failed }
        let isDone = !stages.isEmpty && stages.allSatisfy(\.status.isDone)
        isCompleted = isDone || !failures.isEmpty
        self.wasStarted = wasStarted || stages.contains { $0.status != .notStarted }
        if isCompleted {
            status = failures.isEmpty ? .completed : .failed
            let ends = (failures.isEmpty ? Array(stages) : failures).compactMap(\.finishedAt)
            finishedAt = failures.isEmpty ? ends.max() : ends.min()
        } else {
            status = self.wasStarted ? .running : .notStarted
        }
    }

    init() {}
}
