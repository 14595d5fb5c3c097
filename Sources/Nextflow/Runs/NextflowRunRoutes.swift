package import API
internal import Core
internal import HTTP
package import Ingest
internal import OpenTelemetry
internal import Postgres

/// The endpoints about Nextflow runs: a list, one run, its tasks, its raw events.
///
/// Run ids and names are arbitrary texts from clients, percent-encoded in the path. A run id alone names every run of
/// a session, since a resumed run keeps it: the response is a list.
package struct NextflowRunRoutes: Sendable {
    private let reader: StoreReader
    private let staleAfter: RunSilence
    private let pageBytes: Int

    /// Makes the endpoints; a running run that is silent for `staleAfter` is stale. Pages of tasks and events end at
    /// `pageBytes`.
    package init(reader: StoreReader, staleAfter: RunSilence, pageBytes: Int = PageLimit.defaultBytes) {
        self.reader = reader
        self.staleAfter = staleAfter
        self.pageBytes = pageBytes
    }

    /// All endpoints.
    package var all: [Endpoint] { [list, session, detail, tasks, events, configuration] }

    private var list: Endpoint {
        route(
            "/api/nextflow/runs",
            "Runs, the newest first.",
            NextflowSchemas.runs,
            NextflowRunListParameters.all,
            NextflowRunListQuery.init
        ) { store, _, query in
            .json(try NextflowRunEncoder.runs(store.fetchAll(query), limit: query.limit))
        }
    }

    private var session: Endpoint {
        route(
            "/api/nextflow/runs/{run_id}",
            "Every run of a run id, the newest first.",
            NextflowSchemas.session
        ) { store, key in
            var query = NextflowRunListQuery()
            query.runID = indexable(key.runID)
            query.limit = 500
            let runs = try store.fetchAll(query)
            if runs.isEmpty { return Self.notFound }
            return .json(try NextflowRunEncoder.runs(ofID: key.runID, runs))
        }
    }

    private var detail: Endpoint {
        let summary = "One run: its state, counts, progress, parameters, manifest, workflow and executions."
        return route(
            "/api/nextflow/runs/{run_id}/{run_name}",
            summary,
            NextflowSchemas.detail,
            headers: [.traceParent]
        ) { store, key in
            guard let run = try store.fetchOne(key.runKey) else { return Self.notFound }
            let detail = NextflowRunEncoder.Detail(
                run: run,
                segments: try store.fetchSegments(of: key.runKey),
                taskCounts: try store.fetchTaskCounts(of: key.runKey, TaskSettlement(run)),
                tower: try store.fetchTower(of: key.runKey)
            )
            let ids = try NextflowRunEncoder.ids(run)
            return .json(try NextflowRunEncoder.detail(detail)).about(
                TraceParent(traceID: ids.trace, spanID: ids.run, isSampled: true)
            )
        }
    }

    private var tasks: Endpoint {
        let pageBytes = pageBytes
        return route(
            "/api/nextflow/runs/{run_id}/{run_name}/tasks",
            "Tasks of a run by their number; UNKNOWN are those that were open when their run ended.",
            NextflowSchemas.tasks,
            RunTasksParameters.all,
            RunTasksQuery.init
        ) { store, key, query in
            guard let run = try store.fetchOne(key.runKey) else { return Self.notFound }
            let tasks = store.tasks(of: key.runKey, query, try TaskSettlement(run))
            let limit = PageLimit(rows: query.limit, bytes: pageBytes)
            let ids = try NextflowRunEncoder.ids(run)
            return .json(try NextflowRunEncoder.tasks(tasks, of: ids, limit: limit))
        }
    }

    private var configuration: Endpoint {
        route(
            "/api/nextflow/runs/{run_id}/{run_name}/config",
            "The resolved configuration of a run, as Tower's client tells it.",
            NextflowSchemas.configuration
        ) { store, key in
            guard
                let row = try store.fetchTower(of: key.runKey, withConfiguration: true),
                let text = try row.optionalText("config_text")
            else {
                return ErrorEnvelope.detail.response(
                    .notFound,
                    "No configuration: Nextflow's Tower client tells it, and has told none of this run."
                )
            }
            return .json(NextflowRunEncoder.configuration(text))
        }
    }

    private var events: Endpoint {
        let summary = "Raw events of a run as they arrived, as long as raw events are kept."
        let pageBytes = pageBytes
        return route(
            "/api/nextflow/runs/{run_id}/{run_name}/events",
            summary,
            NextflowSchemas.events,
            RunEventsParameters.all,
            RunEventsQuery.init
        ) { store, key, query in
            guard let run = try store.fetchOne(key.runKey) else { return Self.notFound }
            let first = try run.timestamp("first_received_at")
            let last = try run.timestamp("last_received_at")
            let events = store.events(of: key.runKey, arrived: first...last, query)
            let limit = PageLimit(rows: query.limit, bytes: pageBytes)
            return .json(try NextflowRunEncoder.events(events, limit: limit))
        }
    }

    // MARK: - Making routes

    /// The run in a path.
    private struct Key {
        let runID: String
        let runName: String

        init(_ parameters: PathParameters) {
            runID = parameters["run_id"] ?? ""
            runName = parameters["run_name"] ?? ""
        }

        var runKey: UUID128 { NextflowKeys.run(id: runID, name: runName) }
    }

    private static var notFound: Response {
        ErrorEnvelope.detail.response(
            .notFound,
            "No such run: nothing with this run id and run name has arrived."
        )
    }

    private func route(
        _ path: String,
        _ summary: String,
        _ schema: APISchema,
        headers: [APIAnswer.Header] = [],
        answer: @escaping @Sendable (NextflowRunStore, Key) throws -> Response
    ) -> Endpoint {
        route(
            path,
            summary,
            schema,
            headers: headers,
            [],
            { _ in },
            answer: { store, key, _ in try answer(store, key) }
        )
    }

    private func route<Value: Sendable>(
        _ path: String,
        _ summary: String,
        _ schema: APISchema,
        headers: [APIAnswer.Header] = [],
        _ parameters: [APIParameter],
        _ read: @escaping @Sendable (inout ParameterReader) -> Value,
        answer: @escaping @Sendable (NextflowRunStore, Key, Value) throws -> Response
    ) -> Endpoint {
        let staleAfter = staleAfter
        var answers = [APIAnswer(200, "The result.", .named(schema), headers: [.lagLines] + headers)]
        if path.contains("{") { answers.append(.refusal(404, "There is no such run.")) }
        if !parameters.isEmpty { answers.append(.wrongParameters) }
        return .reading(
            path,
            tag: "Nextflow runs",
            summary,
            parameters,
            answers: answers,
            dialect: .pydantic1,
            from: reader,
            reading: read,
            answer: { request, query, connection in
                let key = Key(request.parameters)
                return try ReadSnapshot.read(connection) { now in
                    let store = NextflowRunStore(connection: connection, now: now, staleAfter: staleAfter)
                    return try answer(store, key, query)
                }
            }
        )
    }
}
