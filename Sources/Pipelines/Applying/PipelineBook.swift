internal import Core
internal import Ingest

/// The pipelines that some lines concern, with all their stages, while the lines are applied.
struct PipelineBook {
    /// A pipeline and its stages.
    struct Entry {
        let id: Int64
        let name: String
        let application: String
        let shownTrace: String?
        var state: PipelineState
        /// In the order of execution.
        var stages: [StageState]
        var handlers: [Int64: String] = [:]
        var isChanged = false
    }

    /// A line of a stage's log.
    struct Log {
        let stageID: Int64
        let text: String
        let level: String
        let at: Timestamp
    }

    /// An attempt that failed and will be repeated.
    struct Retry {
        let stageID: Int64
        let attempt: Int
        let startedAt: Timestamp?
        let failedAt: Timestamp
    }

    /// A value of a pipeline that a stage has set.
    struct Item {
        let pipelineID: Int64
        let item: NewPipeline.ContextItem
        let at: Timestamp
    }

    /// What a line did.
    struct Effect {
        let outcome: PipelineOutcome
        var steps: [StageStep] = []
        /// The status with which the pipeline ended.
        var ended: PipelineStatus?
    }

    private(set) var entries: [Int64: Entry]
    private var pipelines: [Int64: Int64] = [:]
    private(set) var changed: Set<Int64> = []
    private(set) var outputs: [Int64: String?] = [:]
    private(set) var logs: [Log] = []
    private(set) var retries: [Retry] = []
    private(set) var items: [Item] = []
    private(set) var events: [OutboxEvent] = []

    init(_ entries: [Entry]) {
        self.entries = Dictionary(entries.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for entry in entries { for stage in entry.stages { pipelines[stage.id] = entry.id } }
    }

    /// The stages that changed.
    var changedStages: [StageState] {
        entries.values.flatMap(\.stages).filter { changed.contains($0.id) }.sorted { $0.id < $1.id }
    }

    /// Applies a line about a stage.
    mutating func apply(_ report: StageReport, at time: Timestamp) -> Effect {
        guard let id = pipelines[report.stageID], var entry = entries[id],
            report.isOperator || entry.application == report.application || entry.application == Self.nobody
        else { return Effect(outcome: .unknownStage) }
        var outcome = PipelineOutcome.unknownStage
        var steps: [StageStep] = []
        for place in entry.stages.indices {
            let stage = entry.stages[place]
            guard stage.id == report.stageID || (report.includesLater && stage.id > report.stageID) else {
                continue
            }
            let result = StageTransition.apply(report.change, to: stage, at: time)
            if stage.id == report.stageID { outcome = Self.outcome(result, stage) }
            guard case .changed(let from, let next) = result else { continue }
            entry.stages[place] = next
            steps.append(
                StageStep(
                    change: report.change,
                    from: from,
                    stage: next,
                    pipelineName: entry.name,
                    handler: entry.handlers[next.id]
                )
            )
            note(report, from, stage, next, entry, time)
        }
        if case .stage = outcome, case .result = report.change { keep(report, entry, time) }
        let ended = steps.isEmpty ? nil : settle(&entry, time)
        entries[id] = entry
        return Effect(outcome: outcome, steps: steps, ended: ended)
    }

    /// The application of callers without a token: what it has made belongs to everybody.
    static let nobody = "default"

    private static func outcome(_ result: StageOutcome, _ stage: StageState) -> PipelineOutcome {
        switch result {
        case .changed(_, let next): .stage(next.status)
        case .unchanged: .stage(stage.status)
        case .notActive: .notActive(stage.status)
        }
    }

    /// What every change leaves: a line of the log, an event, and more for a few.
    private mutating func note(
        _ report: StageReport,
        _ from: StageStatus,
        _ old: StageState,
        _ stage: StageState,
        _ entry: Entry,
        _ time: Timestamp
    ) {
        changed.insert(stage.id)
        let text =
            "Status changed from \(from.rawValue) to \(stage.status.rawValue) (\(report.change.source))"
        logs.append(Log(stageID: stage.id, text: text, level: "INFO", at: time))
        if stage.status == .notStarted { outputs[stage.id] = .some(nil) }
        if stage.status == .retryScheduled, from.isActive {
            retries.append(
                Retry(
                    stageID: stage.id,
                    attempt: old.retryAttempt + 1,
                    startedAt: old.startedAt,
                    failedAt: time
                )
            )
        }
        if let event = OutboxEvent(report, from, stage, entry, at: time) { events.append(event) }
    }

    /// What came along with a result.
    private mutating func keep(_ report: StageReport, _ entry: Entry, _ time: Timestamp) {
        outputs[report.stageID] = report.output
        for log in report.logs {
            logs.append(
                Log(stageID: report.stageID, text: log.message, level: log.level, at: log.created ?? time)
            )
        }
        items += report.items.map { Item(pipelineID: entry.id, item: $0, at: time) }
    }

    /// Gives the pipeline its status; says how it ended, if it did now.
    private mutating func settle(_ entry: inout Entry, _ time: Timestamp) -> PipelineStatus? {
        let old = entry.state
        entry.state = PipelineState(of: entry.stages, wasStarted: old.wasStarted)
        entry.isChanged = entry.isChanged || entry.state != old
        if !old.wasStarted, entry.state.wasStarted {
            events.append(OutboxEvent("pipeline.started", entry, nil, at: time))
        }
        guard entry.state.isCompleted, old.status != entry.state.status else { return nil }
        let failed = entry.stages.last { $0.status == .failed }
        let kind = entry.state.status == .failed ? "pipeline.failed" : "pipeline.succeeded"
        events.append(OutboxEvent(kind, entry, failed, at: time))
        return entry.state.status
    }
}
