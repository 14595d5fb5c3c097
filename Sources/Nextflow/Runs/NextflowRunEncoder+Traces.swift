internal import API
internal import Core
internal import OpenTelemetry
internal import Postgres

// MARK: - The ids by which answers lead to traces: those of the exported spans. They need no column.

extension NextflowRunEncoder {
    /// The ids in an answer, for `/openapi.json`.
    static let traced: [APISchema.Member] = [
        APISchema.Member("trace_id", APIType.text.noting("The trace of the run, 32 hexadecimal digits.")),
        APISchema.Member("span_id", APIType.text.noting("Its span in that trace, 16 hexadecimal digits.")),
    ]

    /// The ids of a run that a row names.
    static func ids(_ run: Row) throws(PostgresError) -> NextflowTraceIDs {
        NextflowTraceIDs(runID: try run.text("run_id"), runName: try run.text("run_name"))
    }

    /// Writes the ids of a run, of one of its executions or of an attempt of a task.
    static func write(_ ids: NextflowTraceIDs, span: SpanID, to writer: inout JSONWriter) {
        writer.member("trace_id", ids.trace.description)
        writer.member("span_id", span.description)
    }

    /// Writes a run as lists show it.
    static func write(run row: Row, to writer: inout JSONWriter) throws(PostgresError) {
        try head.write(row, to: &writer)
        let ids = try ids(row)
        write(ids, span: ids.run, to: &writer)
    }

    /// Writes an execution of a run; `index` counts from 0 in the order of their starts.
    static func write(
        segment row: Row,
        _ index: Int,
        of ids: NextflowTraceIDs,
        to writer: inout JSONWriter
    ) throws(PostgresError) {
        try segment.write(row, to: &writer)
        let span = ids.execution(index, start: try row.optionalTimestamp("segment_start"))
        write(ids, span: span, to: &writer)
    }

    /// Writes an attempt of a task.
    static func write(task row: Row, of ids: NextflowTraceIDs, to writer: inout JSONWriter)
        throws(PostgresError)
    {
        try task.write(row, to: &writer)
        let span = ids.attempt(taskID: try row.text("task_id"), hash: try row.text("task_hash"))
        write(ids, span: span, to: &writer)
    }
}
