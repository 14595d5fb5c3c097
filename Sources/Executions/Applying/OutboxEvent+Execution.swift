internal import Core
internal import Ingest
internal import Notifications
internal import OpenTelemetry

extension OutboxEvent {
    /// An event of an execution: its detail is what a provenance event has, and the names that alerts read. Secrets are
    /// masked. Contract beampipe §3.2, §3.4.
    init(
        _ kind: String,
        _ execution: Execution,
        actor: String,
        at time: Timestamp,
        request: String?,
        payload: (inout JSONWriter) -> Void
    ) {
        let sources = execution.sourceIdentifiers
        var writer = JSONWriter(reservingCapacity: 1024)
        writer.object { detail in
            detail.member("project", execution.text(.projectModule))
            if let first = sources.first { detail.member("source_identifier", first) }
            detail.array("source_identifiers") { list in
                for source in sources { list.value(source) }
            }
            detail.member("execution_id", execution.uuid)
            detail.member("actor", actor)
            detail.member("correlation_id", request ?? execution.uuid.description)
            detail.member("trace_id", ExecutionTraceIDs(execution).trace.description)
            detail.member("occurred_at", time.iso8601())
            detail.member("pipeline", execution.uuid)
            detail.member("pipeline_name", execution.text(.archiveName))
            if let error = execution.text(.lastError) { detail.member("error", String(error.prefix(2000))) }
            detail.object("payload", payload)
        }
        self.init(
            kind: kind,
            subject: execution.uuid.description,
            at: time,
            detail: Redaction.masked(writer.bytes)
        )
    }
}
