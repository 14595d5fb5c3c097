package import API
internal import Core
internal import HTTP
package import Ingest
internal import Postgres

/// The process metrics: the five endpoints of the reference (contract §2) and three of its successor (§3), each under
/// `/metrics/processes` and `/api/metrics/processes`.
package struct ProcessMetricsRoutes: Sendable {
    private typealias Parameters = ProcessMetricsParameters
    private typealias Schemas = ProcessMetricsSchemas

    private let reader: StoreReader
    private let staleAfter: RunSilence
    private let pageBytes: Int

    /// Makes the endpoints; a run that is silent for `staleAfter` no longer counts as running, and a page of tasks
    /// ends at `pageBytes`.
    package init(reader: StoreReader, staleAfter: RunSilence, pageBytes: Int = PageLimit.defaultBytes) {
        self.reader = reader
        self.staleAfter = staleAfter
        self.pageBytes = pageBytes
    }

    /// All endpoints, each also under `/api`.
    package var all: [Endpoint] { endpoints + endpoints.map { $0.moved(to: "/api" + $0.path) } }

    private var endpoints: [Endpoint] {
        [summary, retries, resources, failures, signatures, running, tasks, timeline]
    }

    // MARK: - Endpoints of the reference

    private var summary: Endpoint {
        let summary = "Totals, the mix of events, and the processes and exit codes that fail and retry most."
        return route("/metrics/processes/summary", .summary, summary, Schemas.summary) { store, encoder in
            let (groups, memoryEfficiency) = try store.fetchGroups()
            let summary = ProcessMetricsEncoder.Summary(
                tallies: CompletionTallies(groups),
                distinctRuns: try store.countRuns(),
                memoryEfficiency: memoryEfficiency,
                eventMix: try store.fetchEventMix()
            )
            return encoder.summary(summary, minSamples: store.query.minSamples, limit: store.query.limit)
        }
    }

    private var retries: Endpoint {
        let summary = "How often tasks were retried, by attempt and process."
        return route("/metrics/processes/retries", .retries, summary, Schemas.retries) { store, encoder in
            let tallies = CompletionTallies(try store.fetchGroups().groups)
            return encoder.retries(tallies, minSamples: store.query.minSamples, limit: store.query.limit)
        }
    }

    private var resources: Endpoint {
        let summary = "What each attempt of each process requested and used: means and 95th percentiles."
        let path = "/metrics/processes/resources-by-attempt"
        return route(path, .resources, summary, Schemas.resources) { store, encoder in
            let (groups, method) = try store.fetchResources()
            return encoder.resources(groups, percentiles: method)
        }
    }

    private var failures: Endpoint {
        let summary = "Processes by how often they fail."
        return route("/metrics/processes/failures", .failures, summary, Schemas.failures) { store, encoder in
            let tallies = CompletionTallies(try store.fetchGroups().groups)
            return encoder.failures(tallies, minSamples: store.query.minSamples, limit: store.query.limit)
        }
    }

    private var signatures: Endpoint {
        route(
            "/metrics/processes/failure-signatures",
            .failureSignatures,
            "Failures by process and exit code.",
            Schemas.signatures,
            [Parameters.groupBy],
            reading: { $0.word(Parameters.groupBy) != nil },
            answer: { store, encoder, withAction in
                let tallies = CompletionTallies(try store.fetchGroups().groups)
                return encoder.signatures(tallies, withAction: withAction, limit: store.query.limit)
            }
        )
    }

    // MARK: - Endpoints of its successor

    private var running: Endpoint {
        let staleAfter = staleAfter
        let summary = "Tasks at work and waiting, of runs that are running."
        return route("/metrics/processes/running", .running, summary, Schemas.running) { store, _ in
            try ProcessMetricsEncoder.running(store.fetchRunning(staleAfter: staleAfter), now: store.now)
        }
    }

    private var tasks: Endpoint {
        route(
            "/metrics/processes/tasks",
            .tasks,
            "Completed tasks, the newest first.",
            Schemas.tasks,
            [Parameters.status, Parameters.offset],
            reading: { reader in
                CompletedTasksPage(
                    status: reader.text(Parameters.status).map(indexable),
                    offset: Int64(reader.count(Parameters.offset))
                )
            },
            answer: { store, encoder, page in
                let total = try store.countTasks(page)
                let rows = try store.fetchTasks(page, of: total, pageBytes: pageBytes)
                // A client that adds the limit to the offset must reach the row after this page, even if the page
                // ended early.
                let left = max(0, total - page.offset)
                let isCut = rows.count < store.query.limit && rows.count < left && !rows.isEmpty
                let limit = isCut ? rows.count : store.query.limit
                return try encoder.tasks(rows, total: total, limit: limit, offset: page.offset)
            }
        )
    }

    private var timeline: Endpoint {
        route(
            "/metrics/processes/timeline",
            .timeline,
            "Completed tasks and failures over time.",
            Schemas.timeline,
            [Parameters.bucket],
            reading: { $0.word(Parameters.bucket).flatMap(TimelineBucket.init) ?? .hour },
            answer: { store, encoder, bucket in
                try encoder.timeline(store.fetchTimeline(bucket: bucket), bucket: bucket)
            }
        )
    }

    // MARK: - Making routes

    private func route(
        _ path: String,
        _ shape: ProcessMetricsQuery.Shape,
        _ summary: String,
        _ schema: APISchema,
        answer: @escaping @Sendable (ProcessMetricsStore, ProcessMetricsEncoder) throws -> [UInt8]
    ) -> Endpoint {
        route(
            path,
            shape,
            summary,
            schema,
            [],
            reading: { _ in },
            answer: { store, encoder, _ in try answer(store, encoder) }
        )
    }

    private func route<Extra: Sendable>(
        _ path: String,
        _ shape: ProcessMetricsQuery.Shape,
        _ summary: String,
        _ schema: APISchema,
        _ parameters: [APIParameter],
        reading readExtra: @escaping @Sendable (inout ParameterReader) -> Extra,
        answer: @escaping @Sendable (ProcessMetricsStore, ProcessMetricsEncoder, Extra) throws -> [UInt8]
    ) -> Endpoint {
        .reading(
            path,
            tag: "Process metrics",
            summary,
            shape.parameters + parameters,
            answers: [
                APIAnswer(200, "The result.", .named(schema), headers: [.lagLines]),
                .refusal(400, "window_days and window_hours were both given."), .wrongParameters,
            ],
            dialect: .pydantic1,
            from: reader,
            reading: { (ProcessMetricsQuery(&$0, shape), readExtra(&$0)) },
            checking: { query, _ in query.hasTwoWindows ? Self.twoWindows : nil },
            answer: { _, question, connection in
                let (query, extra) = question
                return try ProcessMetricsStore.read(connection, query) { store in
                    let encoder = ProcessMetricsEncoder(now: store.now, windowDays: query.windowDays)
                    return .json(try answer(store, encoder, extra))
                }
            }
        )
    }

    private static var twoWindows: Response {
        ErrorEnvelope.detail.response(
            .badRequest,
            "window_days and window_hours cannot be combined: give one of them"
        )
    }
}
