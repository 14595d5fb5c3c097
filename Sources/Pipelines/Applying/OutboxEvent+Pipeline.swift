internal import Core
internal import Ingest

extension OutboxEvent {
    /// What happened to a stage; nil for a change that nobody reacts to. Contract pipelogiq §6.4: failure wins, and a
    /// failed attempt that will be repeated is none.
    init?(
        _ report: StageReport,
        _ from: StageStatus,
        _ stage: StageState,
        _ entry: PipelineEntry,
        at time: Timestamp
    ) {
        let kind: String
        switch (report.change, stage.status) {
        case (_, .failed): kind = "stage.failed"
        case (.rerun, _): kind = "stage.rerun"
        case (.skip, .skipped): kind = "stage.skipped"
        case (_, .completed): kind = "stage.completed"
        default: return nil
        }
        var writer = JSONWriter()
        writer.object { detail in
            Self.write(entry, to: &detail)
            Self.write(stage, to: &detail)
            detail.member("old_status", from.rawValue)
            detail.member("new_status", stage.status.rawValue)
            detail.member("source", report.change.source)
            if kind == "stage.failed", let error = Self.error(report) { detail.member("error", error) }
            detail.member("occurred_at", time.iso8601())
        }
        self.init(kind: kind, subject: "\(entry.id)", at: time, detail: writer.bytes)
    }

    /// What happened to a pipeline; `stage` is the one that made it fail.
    init(_ kind: String, _ entry: PipelineEntry, _ stage: StageState?, at time: Timestamp) {
        var writer = JSONWriter()
        writer.object { detail in
            Self.write(entry, to: &detail)
            if let stage {
                Self.write(stage, to: &detail)
                detail.member("error", "Stage \(stage.name) failed")
            }
            detail.member("occurred_at", time.iso8601())
        }
        self.init(kind: kind, subject: "\(entry.id)", at: time, detail: writer.bytes)
    }

    private static func write(_ entry: PipelineEntry, to detail: inout JSONWriter) {
        detail.member("project", entry.application)
        detail.member("pipeline", entry.id)
        detail.member("pipeline_name", entry.name)
        if let trace = entry.shownTrace { detail.member("trace_id", trace) }
    }

    private static func write(_ stage: StageState, to detail: inout JSONWriter) {
        detail.member("stage", stage.id)
        detail.member("stage_name", stage.name)
        detail.member("attempt", stage.retryAttempt + 1)
    }

    /// The last line of the log that the worker called an error, else what it gave as the result.
    private static func error(_ report: StageReport) -> String? {
        let logged = report.logs.last { $0.level.uppercased() == "ERROR" }?.message
        if case .expired = report.change { return "No worker took the stage up in time" }
        let text = logged ?? report.output ?? ""
        return text.isEmpty ? nil : String(text.prefix(2000))
    }
}
