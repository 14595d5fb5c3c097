package import API
internal import Core
internal import HTTP
package import Ingest
internal import Postgres

/// The reading half of Tower's API: runs, their counts, tasks and quartiles, under the names that the client sends, for
/// scripts that were written for Tower. Every run can be read, also one that only the weblog has told.
package struct TowerReadRoutes: Sendable {
    private let reader: StoreReader
    private let staleAfter: RunSilence
    private let pageBytes: Int

    /// Makes the endpoints; a running run that is silent for `staleAfter` is of unknown status. A page of tasks has at
    /// most `pageBytes`.
    package init(reader: StoreReader, staleAfter: RunSilence, pageBytes: Int = PageLimit.defaultBytes) {
        self.reader = reader
        self.staleAfter = staleAfter
        self.pageBytes = pageBytes
    }

    /// All of them, below `/tower`.
    package var all: [Endpoint] { endpoints(below: "/tower") }

    /// The same without a prefix, for the listener profile `tower`.
    package var profile: [Endpoint] { endpoints(below: "") }

    private func endpoints(below prefix: String) -> [Endpoint] {
        let run = prefix + "/workflow/{workflow_id}"
        return [
            list(prefix + "/workflow"), detail(run), progress(run + "/progress"), tasks(run + "/tasks"),
            task(run + "/task/{task_id}"), metrics(run + "/metrics"),
        ]
    }

    // MARK: - Endpoints

    private func list(_ path: String) -> Endpoint {
        route(
            path,
            "Runs, the newest first.",
            TowerReadSchemas.workflows,
            TowerReadParameters.ofRuns,
            TowerRunQuery.init
        ) { store, _, query in
            let keys = try store.fetchKeys(query)
            return .json(
                try TowerWorkflowEncoder.list(
                    store.fetchWorkflows(Array(keys.prefix(query.limit)), forList: true),
                    total: query.countsAll ? store.fetchTotal(query) : nil,
                    hasMore: keys.count > query.limit
                )
            )
        }
    }

    private func detail(_ path: String) -> Endpoint {
        let parameters = [TowerReadParameters.anyWorkspace, TowerReadParameters.attributes]
        return one(
            path,
            "One run, with its configuration and its counts.",
            TowerReadSchemas.detail,
            parameters
        ) {
            store,
            run in
            guard let row = try store.fetchWorkflows([run]).first else { return nil }
            let detail = TowerWorkflowEncoder.Detail(
                configuration: try store.fetchConfiguration(of: run),
                progress: try Self.progress(of: row, store)
            )
            return .json(try TowerWorkflowEncoder.one(row, detail))
        }
    }

    private func progress(_ path: String) -> Endpoint {
        one(
            path,
            "How many tasks of a run are in which state, in all and per process.",
            TowerReadSchemas.progress
        ) {
            store,
            run in
            guard let row = try store.fetchWorkflows([run]).first else { return nil }
            return .json(TowerProgressEncoder.answer(try Self.progress(of: row, store)))
        }
    }

    private func metrics(_ path: String) -> Endpoint {
        one(path, "The quartiles of what each process of a run used.", TowerReadSchemas.metrics) {
            store,
            run in
            var writer = JSONWriter()
            let metrics = try store.fetchMetrics(of: run)
            writer.object { $0.member("metrics", raw: metrics ?? Array("[]".utf8)) }
            return .json(writer.bytes)
        }
    }

    private func tasks(_ path: String) -> Endpoint {
        let pageBytes = pageBytes
        return route(
            path,
            "Tasks of a run by their number.",
            TowerReadSchemas.tasks,
            TowerReadParameters.ofTasks,
            TowerTaskQuery.init
        ) { store, request, query in
            let source = try store.findRun(request.workflowID).flatMap(store.fetchTaskSource)
            guard let source else { return request.unknown }
            let total = try store.fetchTaskTotal(of: source, query)
            let rows = store.tasks(of: source, query)
            do {
                return .json(try TowerTaskEncoder.list(rows, total: total, mostBytes: pageBytes))
            } catch is TowerTaskEncoder.TooLarge {
                return ErrorEnvelope.tower.response(
                    .badRequest,
                    "These tasks are more than WEIR_MAX_PAGE_BYTES: ask for fewer at once with max."
                )
            }
        }
    }

    private func task(_ path: String) -> Endpoint {
        let parameters = [TowerReadParameters.anyWorkspace]
        return route(path, "One task of a run.", TowerReadSchemas.task, parameters, Self.nothing) {
            store,
            request,
            _ in
            let source = try store.findRun(request.workflowID).flatMap(store.fetchTaskSource)
            guard let source else { return request.unknown }
            guard let task = try TowerTaskEncoder.one(store.task(request.taskID, of: source)) else {
                return ErrorEnvelope.tower.response(
                    .notFound,
                    "No such task: nothing with the id \(request.taskID) has arrived of this workflow."
                )
            }
            return .json(task)
        }
    }

    /// The client's latest counts, or those of the tasks.
    private static func progress(of row: Row, _ store: TowerReadStore) throws -> [UInt8] {
        if let told = try row.optionalUTF8("progress") { return try TowerProgressEncoder.progress(told) }
        return try TowerProgressEncoder.progress(store.fetchProgress(of: row))
    }

    // MARK: - Making routes

    /// The ids in a path.
    private struct Subject {
        let workflowID: String
        let taskID: String

        init(_ parameters: PathParameters) {
            workflowID = parameters["workflow_id"] ?? ""
            taskID = parameters["task_id"] ?? ""
        }

        var unknown: Response {
            ErrorEnvelope.tower.response(
                .notFound,
                "No such workflow: nothing of a run with the id \(workflowID) has arrived."
            )
        }
    }

    /// What has no effect has a form all the same.
    private static func nothing(_ reader: inout ParameterReader) {
        for parameter in [TowerReadParameters.anyWorkspace, TowerReadParameters.attributes] {
            _ = reader.text(parameter)
        }
    }

    private func one(
        _ path: String,
        _ summary: String,
        _ schema: APISchema,
        _ parameters: [APIParameter] = [TowerReadParameters.anyWorkspace],
        answer: @escaping @Sendable (TowerReadStore, UUID128) throws -> Response?
    ) -> Endpoint {
        route(path, summary, schema, parameters, Self.nothing) { store, subject, _ in
            guard let run = try store.findRun(subject.workflowID) else { return subject.unknown }
            return try answer(store, run) ?? subject.unknown
        }
    }

    private func route<Value: Sendable>(
        _ path: String,
        _ summary: String,
        _ schema: APISchema,
        _ parameters: [APIParameter],
        _ read: @escaping @Sendable (inout ParameterReader) -> Value,
        answer: @escaping @Sendable (TowerReadStore, Subject, Value) throws -> Response
    ) -> Endpoint {
        let (reader, staleAfter) = (reader, staleAfter)
        var answers = [APIAnswer(200, "The result.", .named(schema), headers: [.lagLines])]
        if path.contains("{") {
            answers.append(APIAnswer(404, "There is no such workflow or task.", .named(TowerSchemas.failure)))
        }
        answers.append(APIAnswer(400, "A parameter is wrong.", .named(TowerSchemas.failure)))
        return Endpoint(
            .get,
            path,
            scope: .read,
            envelope: .tower,
            documentation: EndpointDocumentation(
                tag: "Tower",
                summary: summary,
                parameters: parameters,
                answers: answers + APIAnswer.storeRefusals
            ),
            handler: .async { request in
                var parameters = ParameterReader(request.query)
                let value = read(&parameters)
                do throws(ValidationIssues) {
                    try parameters.finish()
                } catch {
                    return ErrorEnvelope.tower.response(.badRequest, error.failure.message)
                }
                return await reader.answer(.tower) { connection in
                    try ReadSnapshot.read(connection) { now in
                        let store = TowerReadStore(connection: connection, now: now, staleAfter: staleAfter)
                        return try answer(store, Subject(request.parameters), value)
                    }
                }
            }
        )
    }
}
