internal import Core
internal import HTTP
package import Ingest
internal import Postgres

/// The runs of Nextflow to look at: a list, one run, its tasks, its raw events.
///
/// Run ids and names are whatever a client sent, percent-encoded in the path. A run id alone names every run
/// of a session, since a resumed run keeps it: the answer is a list.
package struct NextflowRunRoutes: Sendable {
    private static let prefix = "/api/nextflow/runs"

    private let reader: StoreReader
    private let staleAfter: Duration

    /// Makes the endpoints; a running run that is silent for `staleAfter` is stale.
    package init(reader: StoreReader, staleAfter: Duration) {
        self.reader = reader
        self.staleAfter = staleAfter
    }

    /// All endpoints.
    package var all: [Route] { [list, session, detail, tasks, events] }

    private var list: Route {
        let parameters: [RouteDocumentation.Parameter] = [
            .init("state", "string", "Only runs in one of these states, divided by commas: \(Self.states)."),
            .init("name", "string", "Only runs with this run name."),
            .init("user", "string", "Only runs of this user."),
            .init("project", "string", "Only runs of this project."),
            .init("run_id", "string", "Only runs with this run id."),
            .init("since", "string", "Only runs whose first event is not before this moment, ISO 8601."),
            .init("until", "string", "Only runs whose first event is not after this moment, ISO 8601."),
            .init("limit", "integer", "How many, 1 to 500; 50 by default."),
            Self.cursor,
        ]
        return route("", "Runs, the newest first.", parameters, RunListQuery.init) { store, _, query in
            .json(try NextflowRunEncoder.runs(store.fetchAll(query), limit: query.limit))
        }
    }

    private var session: Route {
        route("/{run_id}", "Every run of a run id, the newest first.", []) { store, key in
            var query = RunListQuery()
            query.runID = indexable(key.runID)
            query.limit = 500
            let runs = try store.fetchAll(query)
            if runs.isEmpty { return Self.notFound }
            return .json(try NextflowRunEncoder.runs(ofID: key.runID, runs))
        }
    }

    private var detail: Route {
        let summary = "One run: its state, counts, progress, parameters, manifest, workflow and executions."
        return route("/{run_id}/{run_name}", summary, []) { store, key in
            guard let run = try store.fetchOne(key.runKey) else { return Self.notFound }
            let detail = NextflowRunEncoder.Detail(
                run: run,
                segments: try store.fetchSegments(of: key.runKey),
                taskCounts: try store.fetchTaskCounts(of: key.runKey)
            )
            return .json(try NextflowRunEncoder.detail(detail))
        }
    }

    private var tasks: Route {
        let statuses = RunTasksQuery.statuses.joined(separator: ", ")
        let parameters: [RouteDocumentation.Parameter] = [
            .init(
                "status",
                "string",
                "Only tasks with one of these statuses, divided by commas: \(statuses)."
            ),
            .init("process", "string", "Only tasks of this process, by its full name."),
            .init("attempt", "integer", "Only tasks of this attempt."),
            .init("name", "string", "Only tasks whose name contains this, letters of either case."),
            .init("limit", "integer", "How many, 1 to 500; 100 by default."),
            Self.cursor,
        ]
        let summary = "Tasks of a run by their number."
        return route("/{run_id}/{run_name}/tasks", summary, parameters, RunTasksQuery.init) {
            store,
            key,
            query in
            if try store.fetchOne(key.runKey) == nil { return Self.notFound }
            return .json(
                try NextflowRunEncoder.tasks(store.fetchTasks(of: key.runKey, query), limit: query.limit)
            )
        }
    }

    private var events: Route {
        let parameters: [RouteDocumentation.Parameter] = [
            .init("event", "string", "Only events with this name."),
            .init("order", "string", "`oldest` (the default) or `newest` first, by arrival."),
            .init("limit", "integer", "How many, 1 to 500; 100 by default."),
            Self.cursor,
        ]
        let summary = "Raw events of a run as they arrived, as long as raw events are kept."
        return route("/{run_id}/{run_name}/events", summary, parameters, RunEventsQuery.init) {
            store,
            key,
            query in
            guard let run = try store.fetchOne(key.runKey) else { return Self.notFound }
            let first = try run.timestamp("first_received_at")
            let last = try run.timestamp("last_received_at")
            let events = try store.fetchEvents(of: key.runKey, arrived: first...last, query)
            return .json(try NextflowRunEncoder.events(events, limit: query.limit))
        }
    }

    // MARK: - Making routes

    /// The run that a path names.
    private struct Key {
        let runID: String
        let runName: String

        init(_ parameters: PathParameters) {
            runID = parameters["run_id"] ?? ""
            runName = parameters["run_name"] ?? ""
        }

        var runKey: UUID128 { NextflowKeys.run(id: runID, name: runName) }
    }

    private static let cursor = RouteDocumentation.Parameter(
        "cursor",
        "string",
        "`next_cursor` of the page before; the first page without."
    )

    private static var states: String { RunState.allCases.map(\.rawValue).joined(separator: ", ") }

    private static var notFound: Response {
        ErrorEnvelope.detail.response(
            .notFound,
            "No such run: nothing with this run id and run name has arrived."
        )
    }

    private func route(
        _ path: String,
        _ summary: String,
        _ parameters: [RouteDocumentation.Parameter],
        answer: @escaping @Sendable (NextflowRunStore, Key) throws -> Response
    ) -> Route {
        let ignoring: @Sendable (Query) throws(ParameterFaults) -> Void = { _ in }
        return route(path, summary, parameters, ignoring, answer: { store, key, _ in try answer(store, key) })
    }

    private func route<Value: Sendable>(
        _ path: String,
        _ summary: String,
        _ parameters: [RouteDocumentation.Parameter],
        _ read: @escaping @Sendable (Query) throws(ParameterFaults) -> Value,
        answer: @escaping @Sendable (NextflowRunStore, Key, Value) throws -> Response
    ) -> Route {
        let (reader, staleAfter) = (reader, staleAfter)
        let documentation = RouteDocumentation(tag: "Nextflow runs", summary: summary, parameters: parameters)
        return Route(
            .get,
            Self.prefix + path,
            scope: .read,
            documentation: documentation,
            handler: .async { request in
                let query: Value
                do throws(ParameterFaults) {
                    query = try read(request.query)
                } catch {
                    return error.response
                }
                let key = Key(request.parameters)
                return await reader.answer(.detail) { connection in
                    try ReadSnapshot.read(connection) { now in
                        let store = NextflowRunStore(connection: connection, now: now, staleAfter: staleAfter)
                        return try answer(store, key, query)
                    }
                }
            }
        )
    }
}
