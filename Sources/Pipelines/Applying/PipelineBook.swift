internal import Core
internal import Ingest

/// The pipelines that some lines concern, with all their stages, while the lines are applied.
struct PipelineBook {
    /// The number of a stage and the line that names it.
    typealias Early = PipelineEntry.Line

    private(set) var entries: [Int64: PipelineEntry]
    private var pipelines: [Int64: Int64] = [:]
    /// Lines about pipelines that are not made yet.
    private(set) var early: [Early] = []
    /// Lines to be kept, with their pipelines.
    private(set) var kept: [(pipeline: Int64, line: PipelineEntry.Line)] = []

    /// Pipelines without lines in them.
    init(_ entries: [PipelineEntry]) {
        self.entries = Dictionary(entries.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for entry in entries { for stage in entry.stages { pipelines[stage.id] = entry.id } }
    }

    /// In the order of their numbers.
    var changed: [PipelineEntry] {
        entries.values.filter { $0.isChanged || $0.isRemade || !$0.changed.isEmpty || !$0.logs.isEmpty }
            .sorted { $0.id < $1.id }
    }

    /// What happened, in the order of the lines of each pipeline.
    var events: [OutboxEvent] {
        entries.values.flatMap(\.told).sorted { ($0.place, $0.stageID) < ($1.place, $1.stageID) }.map(\.event)
    }

    /// The pipelines for which lines come behind later ones: those of lines that were made early, and of these.
    func late(_ elements: [PipelineElement]) -> Set<Int64> {
        var last = entries.compactMapValues(\.last)
        var late: Set<Int64> = []
        for element in elements {
            guard case .stage(let report) = element.word, let id = pipelines[report.stageID] else { continue }
            if let before = last[id], before >= element.place, entries[id]?.firstItems != nil {
                late.insert(id)
            }
            last[id] = max(last[id] ?? element.place, element.place)
        }
        return late
    }

    /// Applies lines about stages; says of each what became of it.
    ///
    /// `histories` has, for each pipeline whose rows are to be made anew, all lines that were applied before.
    mutating func apply(_ elements: inout [PipelineElement], histories: [Int64: [PipelineEntry.Line]]) {
        var late: [Int64: [Int]] = Dictionary(uniqueKeysWithValues: histories.keys.map { ($0, []) })
        for index in elements.indices {
            guard case .stage(let report) = elements[index].word else { continue }
            let line = PipelineEntry.Line(place: elements[index].place, report: report)
            guard let id = pipelines[report.stageID], entries[id] != nil else {
                elements[index].outcome = .unknownStage
                early.append(line)
                continue
            }
            // One that never counts is kept, too: whoever loads it before the pipeline cannot tell.
            if entries[id]?.firstItems != nil { kept.append((id, line)) }
            if late[id] != nil {
                late[id, default: []].append(index)
            } else {
                elements[index].outcome = apply(line, to: id, &elements[index])
            }
        }
        for (id, indices) in late.sorted(by: { $0.key < $1.key }) {
            remake(id, histories[id] ?? [], indices, &elements)
        }
    }

    private mutating func apply(_ line: PipelineEntry.Line, to id: Int64, _ element: inout PipelineElement)
        -> PipelineOutcome
    {
        guard var entry = entries[id] else { return .unknownStage }
        // A value with one owner is changed in place.
        entries[id] = nil
        let known = entry.steps.count
        let old = entry.state.status
        let outcome = entry.apply(line)
        element.changes = entry.steps[known...].map(\.step)
        element.ended = Self.end(old, entry.state)
        entries[id] = entry
        return outcome
    }

    private mutating func remake(
        _ id: Int64,
        _ history: [PipelineEntry.Line],
        _ indices: [Int],
        _ elements: inout [PipelineElement]
    ) {
        guard var entry = entries[id] else { return }
        let old = entry.state.status
        let new = indices.compactMap { index -> PipelineEntry.Line? in
            guard case .stage(let report) = elements[index].word else { return nil }
            return PipelineEntry.Line(place: elements[index].place, report: report)
        }
        let outcomes = entry.remake(history, adding: new)
        let statuses = Dictionary(uniqueKeysWithValues: entry.stages.map { ($0.id, $0.status) })
        for (index, line) in zip(indices, new) {
            let status = statuses[line.report.stageID] ?? .notStarted
            switch outcomes[line.place] {
            case .stage?: elements[index].outcome = .stage(status)
            case .notActive?: elements[index].outcome = .notActive(status)
            case let outcome: elements[index].outcome = outcome ?? .unknownStage
            }
        }
        if let index = indices.last {
            elements[index].changes = entry.steps.map(\.step)
            elements[index].ended = Self.end(old, entry.state)
        }
        entries[id] = entry
    }

    /// The status with which a pipeline has ended just now.
    private static func end(_ old: PipelineStatus, _ state: PipelineState) -> PipelineStatus? {
        state.isCompleted && state.status != old ? state.status : nil
    }
}
