internal import Core

/// One line of the stream `pipelines`.
package struct PipelineElement: Sendable {
    /// What the line says.
    enum Word: Sendable {
        case create(NewPipeline)
        case stage(StageReport)
        case worker(WorkerReport)
        case log(ApplicationLog)
    }

    let place: LinePlace
    let word: Word
    var seq: Int64 { place.seq }
    var at: Timestamp { place.at }
    /// What became of it; nil until it is applied.
    var outcome: PipelineOutcome?
    /// Stages that changed, for counters and histograms.
    var changes: [StageStep] = []
    /// The status with which a pipeline ended by it.
    var ended: PipelineStatus?
}

/// A stage that changed.
struct StageStep: Sendable {
    let change: StageChange
    let from: StageStatus
    let stage: StageState
    let pipelineName: String
    let handler: String?
}

/// What became of a line.
package enum PipelineOutcome: Hashable, Sendable {
    /// The pipeline is stored.
    case created
    /// A pipeline of the same number is stored already, and is another one.
    case numberTaken
    /// The stage has this status now.
    case stage(StageStatus)
    /// The stage is not in a state in which the line counts.
    case notActive(StageStatus)
    /// There is no such stage, or it is another application's.
    case unknownStage
    /// The worker has this number.
    case worker(Int64)
    /// There is no such worker.
    case unknownWorker
    /// It is stored.
    case logged
}
