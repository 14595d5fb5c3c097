internal import Core
internal import Ingest

/// A pipeline and its stages, and what lines leave in it and beside it. A value: lines that are applied in the order of
/// their places give the rows.
struct PipelineEntry {
    /// A line about one of its stages.
    struct Line {
        let place: LinePlace
        let report: StageReport
    }

    /// A line of a stage's log.
    struct Log: Hashable {
        let stageID: Int64
        let text: String
        let level: String
        let at: Timestamp
    }

    /// An attempt that failed and will be repeated.
    struct Retry: Hashable {
        let stageID: Int64
        let attempt: Int
        let startedAt: Timestamp?
        let failedAt: Timestamp
    }

    /// A value of a pipeline; `place` is where it is shown.
    struct Item: Hashable {
        let pipelineID: Int64
        let item: NewPipeline.ContextItem
        let place: Int
        let at: Timestamp
    }

    /// A stage that changed, and the line that changed it.
    struct Step {
        let place: LinePlace
        let step: StageStep
    }

    /// An event, and the line that it is of.
    struct Told {
        let place: LinePlace
        let stageID: Int64
        let event: OutboxEvent
    }

    let id: Int64
    let name: String
    let application: String
    let shownTrace: String?
    let createdAt: Timestamp
    /// The values that came with it; nil for one whose lines count in the order in which they are loaded.
    let firstItems: [NewPipeline.ContextItem]?
    var state = PipelineState()
    /// In the order of execution.
    var stages: [StageState] = []
    var handlers: [Int64: String] = [:]
    /// The last line that is applied.
    var last: LinePlace?

    private(set) var isChanged = false
    /// Whether its rows are made anew.
    private(set) var isRemade = false
    private(set) var changed: Set<Int64> = []
    private(set) var outputs: [Int64: String?] = [:]
    private(set) var logs: [Log] = []
    private(set) var retries: [Retry] = []
    private(set) var items: [Item] = []
    private(set) var steps: [Step] = []
    private(set) var told: [Told] = []

    init(
        id: Int64,
        name: String,
        application: String,
        shownTrace: String? = nil,
        createdAt: Timestamp,
        firstItems: [NewPipeline.ContextItem]? = nil
    ) {
        self.id = id
        self.name = name
        self.application = application
        self.shownTrace = shownTrace
        self.createdAt = createdAt
        self.firstItems = firstItems
    }

    /// How much earlier than its making a line about a pipeline may have been taken: clocks of two Weirs differ. An earlier
    /// one names a stage that was not there; whoever sent it guessed the number.
    private static let mostSkew = Duration.seconds(600)

    /// Whether a line is about this pipeline: its application's, an operator's, or of a pipeline of nobody.
    func isMeant(by line: Line) -> Bool {
        guard line.report.isOperator || application == line.report.application || application == Self.nobody
        else { return false }
        return createdAt - line.place.at <= Self.mostSkew
    }

    /// The application of callers without a token: what it has made belongs to everybody.
    static let nobody = "default"

    // MARK: - One line

    /// Applies a line that is later than all others; says what became of it.
    @discardableResult
    mutating func apply(_ line: Line) -> PipelineOutcome {
        let report = line.report
        guard isMeant(by: line) else { return .unknownStage }
        last = max(last ?? line.place, line.place)
        var outcome = PipelineOutcome.unknownStage
        var hasChanged = false
        for place in stages.indices {
            let stage = stages[place]
            guard stage.id == report.stageID || (report.includesLater && stage.id > report.stageID) else {
                continue
            }
            let result = StageTransition.apply(report.change, to: stage, at: line.place.at)
            if stage.id == report.stageID { outcome = Self.outcome(result, stage) }
            guard case .changed(let from, let next) = result else { continue }
            stages[place] = next
            hasChanged = true
            note(line, from, stage, next)
        }
        if case .stage = outcome, case .result = report.change { keep(line) }
        if hasChanged { settle(line) }
        return outcome
    }

    private static func outcome(_ result: StageOutcome, _ stage: StageState) -> PipelineOutcome {
        switch result {
        case .changed(_, let next): .stage(next.status)
        case .unchanged: .stage(stage.status)
        case .notActive: .notActive(stage.status)
        }
    }

    /// What every change leaves: a line of the log, an event, and more for a few.
    private mutating func note(_ line: Line, _ from: StageStatus, _ old: StageState, _ stage: StageState) {
        let change = line.report.change
        let time = line.place.at
        changed.insert(stage.id)
        steps.append(
            Step(
                place: line.place,
                step: StageStep(
                    change: change,
                    from: from,
                    stage: stage,
                    pipelineName: name,
                    handler: handlers[stage.id]
                )
            )
        )
        let text = "Status changed from \(from.rawValue) to \(stage.status.rawValue) (\(change.source))"
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
        if let event = OutboxEvent(line.report, from, stage, self, at: time) { tell(event, line, stage.id) }
    }

    private mutating func tell(_ event: OutboxEvent, _ line: Line, _ stageID: Int64) {
        told.append(Told(place: line.place, stageID: stageID, event: event))
    }

    /// What came along with a result.
    private mutating func keep(_ line: Line) {
        let report = line.report
        let time = line.place.at
        outputs[report.stageID] = report.output
        for log in report.logs {
            logs.append(
                Log(stageID: report.stageID, text: log.message, level: log.level, at: log.created ?? time)
            )
        }
        for (place, item) in report.items.enumerated() {
            items.append(Item(pipelineID: id, item: item, place: NewPipeline.mostItems + place, at: time))
        }
    }

    /// Gives the pipeline its status.
    private mutating func settle(_ line: Line) {
        let old = state
        state = PipelineState(of: stages, wasStarted: old.wasStarted)
        isChanged = isChanged || state != old
        let time = line.place.at
        if !old.wasStarted, state.wasStarted {
            tell(OutboxEvent("pipeline.started", self, nil, at: time), line, 0)
        }
        guard state.isCompleted, old.status != state.status else { return }
        let failed = stages.last { $0.status == .failed }
        let kind = state.status == .failed ? "pipeline.failed" : "pipeline.succeeded"
        tell(OutboxEvent(kind, self, failed, at: time), line, 0)
    }

    // MARK: - All lines anew

    /// As it was made, before anything was said of it.
    var fresh: PipelineEntry {
        var entry = PipelineEntry(
            id: id,
            name: name,
            application: application,
            shownTrace: shownTrace,
            createdAt: createdAt,
            firstItems: firstItems
        )
        entry.handlers = handlers
        entry.stages = stages.map { stage in
            var fresh = StageState(id: stage.id, pipelineID: stage.pipelineID, name: stage.name)
            fresh.isEvent = stage.isEvent
            fresh.maxRetries = stage.maxRetries
            fresh.retryInterval = stage.retryInterval
            return fresh
        }
        return entry
    }

    /// Makes everything anew of the lines that were applied before and of new ones, in the order of their places.
    ///
    /// Steps and events are those that the new lines add: what was told before stays told. Says what became of each line.
    mutating func remake(_ old: [Line], adding new: [Line]) -> [LinePlace: PipelineOutcome] {
        var before = fresh
        for line in old.sorted(by: { $0.place < $1.place }) { before.apply(line) }
        var after = fresh
        var outcomes: [LinePlace: PipelineOutcome] = [:]
        for line in (old + new).sorted(by: { $0.place < $1.place }) where outcomes[line.place] == nil {
            outcomes[line.place] = after.apply(line)
        }
        let (steps, told) = (Set(before.steps.map(\.key)), Set(before.told.map(\.key)))
        after.steps.removeAll { steps.contains($0.key) }
        after.told.removeAll { told.contains($0.key) }
        after.isChanged = true
        after.isRemade = true
        after.changed = Set(stages.map(\.id))
        let first = (firstItems ?? []).enumerated()
        after.items.insert(
            contentsOf: first.map { Item(pipelineID: id, item: $1, place: $0, at: createdAt) },
            at: 0
        )
        self = after
        return outcomes
    }
}

extension PipelineEntry.Step {
    /// What makes two of them the same.
    fileprivate struct Key: Hashable {
        let place: LinePlace
        let stageID: Int64
        let status: StageStatus
    }

    fileprivate var key: Key { Key(place: place, stageID: step.stage.id, status: step.stage.status) }
}

extension PipelineEntry.Told {
    /// What makes two of them the same.
    fileprivate struct Key: Hashable {
        let place: LinePlace
        let stageID: Int64
        let kind: String
    }

    fileprivate var key: Key { Key(place: place, stageID: stageID, kind: event.kind) }
}
