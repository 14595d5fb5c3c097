internal import Core

/// What a worker says of a stage: a result or a status, with what came along.
struct StageReport: Hashable, Sendable {
    let stageID: Int64
    /// The application of the caller; only its own stages are changed, and those of nobody.
    let application: String
    let change: StageChange
    var output: String?
    var logs: [Log] = []
    var items: [NewPipeline.ContextItem] = []
    /// All later stages of the pipeline, too: of a rerun.
    var includesLater = false
    /// Whether an operator asks, who may change every stage.
    var isOperator = false

    /// A line of a stage's log.
    struct Log: Hashable, Sendable {
        let message: String
        let level: String
        /// Nil for the time of arrival.
        let created: Timestamp?

        init(_ body: BodyReader) throws(BodyReader.Mistake) {
            message = try body.text("message") ?? ""
            level = try body.word("logLevel", atMost: 50) ?? "INFO"
            created = try body.time("created")
        }
    }

    init(stageID: Int64, application: String, change: StageChange) {
        self.stageID = stageID
        self.application = application
        self.change = change
    }

    /// Reads the body of a result.
    static func result(_ body: BodyReader, of stageID: Int64, by application: String)
        throws(BodyReader.Mistake) -> StageReport
    {
        guard let isSuccess = try body.flag("isSuccess") else {
            throw .init("invalid payload: isSuccess is missing")
        }
        var report = StageReport(
            stageID: stageID,
            application: application,
            change: .result(isSuccess: isSuccess)
        )
        report.output = try body.text("result") ?? ""
        for node in try body.list("logs", atMost: NewPipeline.mostItems) {
            report.logs.append(try Log(BodyReader(node)))
        }
        report.items = try NewPipeline.items(body, "contextItems")
        return report
    }

    /// Reads the body of a status; a word that is none is a mistake.
    static func status(_ body: BodyReader, of stageID: Int64, by application: String)
        throws(BodyReader.Mistake) -> StageReport
    {
        let word = try body.word("status")
        guard let status = word.flatMap(StageStatus.init(rawValue:)) else {
            let words = StageStatus.allCases.map(\.rawValue).joined(separator: ", ")
            throw .init("invalid status: it is one of \(words)")
        }
        return StageReport(stageID: stageID, application: application, change: .status(status))
    }
}

// MARK: - The line

extension StageReport {
    /// The body of the line; its kind says what it is.
    var line: [UInt8] {
        var writer = JSONWriter()
        writer.object { line in
            line.member("stage", stageID)
            line.member("application", application)
            if isOperator { line.member("operator", true) }
            switch change {
            case .dispatched, .skip: break
            case .rerun: line.member("later", includesLater)
            case .status(let status): line.member("status", status.rawValue)
            case .expired(let begun): if let begun { line.member("begun_at", begun.iso8601()) }
            case .result(let isSuccess):
                line.member("isSuccess", isSuccess)
                line.member("result", output ?? "")
                line.array("logs") { list in
                    for log in logs {
                        list.object { element in
                            element.member("message", log.message)
                            element.member("logLevel", log.level)
                            if let created = log.created { element.member("created", created.iso8601()) }
                        }
                    }
                }
                NewPipeline.write(items, to: &line, as: "contextItems")
            }
        }
        return writer.bytes
    }

    /// The kind of its line.
    var kind: PipelinesProjection.Kind {
        switch change {
        case .dispatched: .dispatch
        case .result: .result
        case .status: .status
        case .rerun: .rerun
        case .skip: .skip
        case .expired: .expire
        }
    }

    /// Reads the body of a line; nil for a kind that is none of a stage's.
    init?(line body: BodyReader, _ kind: PipelinesProjection.Kind) throws(BodyReader.Mistake) {
        guard let stage = try body.id("stage") else { throw .init("the line does not name its stage") }
        let application = try body.text("application") ?? ""
        switch kind {
        case .result: self = try .result(body, of: stage, by: application)
        case .status: self = try .status(body, of: stage, by: application)
        case .dispatch: self.init(stageID: stage, application: application, change: .dispatched)
        case .skip: self.init(stageID: stage, application: application, change: .skip)
        case .rerun:
            self.init(stageID: stage, application: application, change: .rerun)
            includesLater = try body.flag("later") ?? false
        case .expire:
            self.init(
                stageID: stage,
                application: application,
                change: .expired(try body.time("begun_at"))
            )
        case .create, .worker, .workerEvents, .log: return nil
        }
        isOperator = try body.flag("operator") ?? false
    }
}
