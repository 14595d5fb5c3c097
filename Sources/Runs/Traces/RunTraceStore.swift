internal import Core
internal import Ingest
internal import OpenTelemetry
internal import Postgres

/// The SQL of the trace contexts that senders give with runs.
enum RunTraceStore {
    private static let store = Statement("store run traces", file: PackageResources.store_run_traces_sql)

    /// Keeps contexts of runs, which have rows, each unless it has an earlier one.
    static func store(_ claims: [UUID128: RunTraceClaim], on connection: Connection) throws {
        guard !claims.isEmpty else { return }
        let rows = claims.sorted { $0.key < $1.key }
        let contexts = rows.map(\.value.context)
        try connection.execute(
            store,
            [
                .uuidArray(rows.map(\.key)),
                .uuidArray(contexts.map { UUID128(bytes: $0.parent.traceID.bytes) }),
                .textArray(contexts.map(\.parent.description)),
                .textArray(contexts.map { $0.state?.header ?? "" }),
                .timestampArray(rows.map(\.value.at)),
            ]
        )
    }

    /// The columns of a run's context, for a row of `agent_run_trace`.
    static let columns = "t.traceparent, t.tracestate"

    /// The same as values of their own, for a row `r` of `agent_run`.
    static let values = ["traceparent", "tracestate"].map { column in
        "(SELECT t.\(column) FROM agent_run_trace t WHERE t.event_key = r.event_key)"
    }.joined(separator: ", ")

    /// Reads the two columns, the first of which stands at `place`; nil for a run that came without a context.
    static func context(_ row: Row, at place: Int) throws -> TraceContext? {
        guard let text = try row.optionalText(.position(place)), let parent = TraceParent(text) else {
            return nil
        }
        return TraceContext(parent, TraceState([try row.optionalText(.position(place + 1)) ?? ""]))
    }
}
