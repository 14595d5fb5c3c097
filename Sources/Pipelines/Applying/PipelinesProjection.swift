package import Core
package import Ingest
package import Journal
package import Postgres

/// Turns lines about pipelines, stages and workers into rows. Contract pipelogiq §7.
package struct PipelinesProjection: Projection {
    /// The name of the stream.
    static let streamName = "pipelines"

    package let stream = PipelinesProjection.streamName
    package let kinds = Kind.allCases.map(\.rawValue)
    package let stageCount = 1

    /// The kinds of lines.
    enum Kind: String, CaseIterable {
        /// A new pipeline, with the numbers that it was given.
        case create = "pipeline.create/1"
        /// A worker says how an attempt ended.
        case result = "stage.result/1"
        /// A worker says what a stage is doing.
        case status = "stage.status/1"
        /// A job was handed out.
        case dispatch = "stage.dispatch/1"
        /// The maintenance job `pipelines.pending` ends an attempt that was never taken up.
        case expire = "stage.expire/1"
        /// An operator has a stage done again.
        case rerun = "pipeline.rerun/1"
        /// An operator leaves a stage out.
        case skip = "pipeline.skip/1"
        /// A worker begins, lives, ends, or was lost.
        case worker = "pipeline.worker/1"
        /// What happened in a worker.
        case workerEvents = "pipeline.worker_events/1"
        /// What a program logs beside any stage.
        case log = "pipeline.log/1"
    }

    /// Connects the routes and the loader.
    package typealias Board = OutcomeBoard<Never, PipelineOutcome>

    private let board: Board?
    private let metrics: PipelinesMetrics?
    private let limits: StageReportStore.Limits

    /// Makes the projection; `board` and `metrics` get everything that is loaded live.
    package init(board: Board? = nil, metrics: PipelinesMetrics? = nil) {
        self.init(board: board, metrics: metrics, limits: StageReportStore.Limits())
    }

    /// The same with other limits of what makes a pipeline's rows anew.
    init(board: Board? = nil, metrics: PipelinesMetrics? = nil, limits: StageReportStore.Limits) {
        self.board = board
        self.metrics = metrics
        self.limits = limits
    }

    package func decode(_ line: JournalLine, journal: UUID128) throws(Refusal) -> [PipelineElement] {
        guard let kind = Kind(rawValue: line.kind) else {
            throw Refusal(reason: "not a line about pipelines: \(line.kind)")
        }
        do throws(BodyReader.Mistake) {
            let body = try BodyReader(Array(line.body))
            let word: PipelineElement.Word
            switch kind {
            case .create: word = .create(try NewPipeline(line: body))
            case .worker, .workerEvents: word = .worker(try WorkerReport(line: body))
            case .log: word = .log(try ApplicationLog(line: body))
            case .result, .status, .dispatch, .expire, .rerun, .skip:
                guard let report = try StageReport(line: body, kind) else { return [] }
                word = .stage(report)
            }
            return [
                PipelineElement(place: LinePlace(at: line.at, journal: journal, seq: line.seq), word: word)
            ]
        } catch {
            throw Refusal(reason: error.message)
        }
    }

    package func apply(stage: Int, to elements: inout [PipelineElement], on connection: Connection) throws {
        let isHeard = try OutboxStore.hasConsumers(on: connection)
        try StageReportStore.waitForMaking(elements, on: connection)
        let adopted = try PipelinesApplyStore.create(&elements, on: connection)
        var book = try PipelinesApplyStore.book(elements, adopted, on: connection)
        let histories = try StageReportStore.histories(
            of: book.late(elements).union(adopted),
            limits,
            on: connection
        )
        book.apply(&elements, histories: histories)
        var workers = try WorkersApplyStore.book(elements, on: connection)
        for index in elements.indices {
            switch elements[index].word {
            case .create, .stage: break
            case .worker(let report):
                elements[index].outcome = workers.apply(
                    WorkerBook.Line(place: elements[index].place, report: report)
                )
            case .log: elements[index].outcome = .logged
            }
        }
        try PipelinesApplyStore.store(book, on: connection)
        try WorkersApplyStore.store(workers, on: connection)
        try PipelinesApplyStore.store(logs: elements, on: connection)
        if isHeard { try OutboxStore.insert(book.events + workers.events, on: connection) }
    }

    package func committed(_ elements: [PipelineElement]) {
        var outcomes: [Int64: PipelineOutcome] = [:]
        for element in elements {
            outcomes[element.seq] = element.outcome
            metrics?.loaded(element)
        }
        board?.settle(outcomes)
    }
}
