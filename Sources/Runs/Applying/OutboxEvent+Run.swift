internal import Core
internal import Ingest

extension OutboxEvent {
    /// The most characters of an error in the details.
    private static let mostErrorCharacters = 2000

    /// What happened to a run. Its details have the names that all features share (`pipeline`, `agent`, `error`), and
    /// those of the record; what is unknown is absent.
    init(_ kind: String, _ record: RunRecord, _ element: RunElement) {
        let isPing = record.text(.triggerType) == PingRun.trigger
        var writer = JSONWriter()
        writer.object { detail in
            for field in [RunField.runID, .agentName, .jobType, .status, .errorSummary, .durationMS] {
                if let value = record[field] { detail.member(field.name, raw: value) }
            }
            let shared: [(String, RunField)] = [
                ("pipeline", .eventID), ("pipeline_name", isPing ? .agentName : .runID),
                ("agent", .agentName),
                ("project", .product),
            ]
            for (name, field) in shared {
                if let value = record[field] { detail.member(name, raw: value) }
            }
            if isPing, let name = record[.agentName] { detail.member("check", raw: name) }
            if let error = record.text(.errorSummary) {
                detail.member("error", String(error.prefix(Self.mostErrorCharacters)))
            }
        }
        self.init(kind: kind, subject: record.text(.eventID) ?? "", at: element.at, detail: writer.bytes)
    }
}
