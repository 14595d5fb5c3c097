internal import Core
internal import HTTP
package import Ingest
internal import Postgres

/// The process metrics: the five endpoints of the reference (contract §2) and three of its successor (§3),
/// each under `/metrics/processes` and `/api/metrics/processes`.
package struct ProcessMetricsRoutes: Sendable {
    private let reader: StoreReader
    private let staleAfter: Duration

    /// Makes the endpoints; a run that is silent for `staleAfter` no longer counts as running.
    package init(reader: StoreReader, staleAfter: Duration) {
        self.reader = reader
        self.staleAfter = staleAfter
    }

    /// All endpoints, under both prefixes.
    package var all: [Route] {
        ["/metrics/processes", "/api/metrics/processes"].flatMap { prefix in
            endpoints.map { $0(prefix) }
        }
    }

    /// An endpoint for each prefix.
    private typealias Endpoint = (_ prefix: String) -> Route

    private var endpoints: [Endpoint] {
        [summary, retries, resources, failures, signatures, running, tasks, timeline]
    }

    // MARK: - The reference's

    private func summary(_ prefix: String) -> Route {
        let summary = "Totals, the mix of events, and the processes and exit codes that fail and retry most."
        return route(prefix + "/summary", .summary, summary) { store, encoder in
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

    private func retries(_ prefix: String) -> Route {
        route(prefix + "/retries", .retries, "How often tasks were retried, by attempt and process.") {
            store,
            encoder in
            let tallies = CompletionTallies(try store.fetchGroups().groups)
            return encoder.retries(tallies, minSamples: store.query.minSamples, limit: store.query.limit)
        }
    }

    private func resources(_ prefix: String) -> Route {
        let summary = "What each attempt of each process requested and used: means and 95th percentiles."
        return route(prefix + "/resources-by-attempt", .resources, summary) { store, encoder in
            let (groups, method) = try store.fetchResources()
            return encoder.resources(groups, percentiles: method)
        }
    }

    private func failures(_ prefix: String) -> Route {
        route(prefix + "/failures", .failures, "Processes by how often they fail.") { store, encoder in
            let tallies = CompletionTallies(try store.fetchGroups().groups)
            return encoder.failures(tallies, minSamples: store.query.minSamples, limit: store.query.limit)
        }
    }

    private func signatures(_ prefix: String) -> Route {
        let groupBy = RouteDocumentation.Parameter(
            "group_by",
            "string",
            "`error_action`: count each error action apart, and show it."
        )
        return route(
            prefix + "/failure-signatures",
            .failureSignatures,
            "Failures by process and exit code.",
            [groupBy],
            reading: { $0.word("group_by", of: ["error_action"]) != nil },
            answer: { store, encoder, withAction in
                let tallies = CompletionTallies(try store.fetchGroups().groups)
                return encoder.signatures(tallies, withAction: withAction, limit: store.query.limit)
            }
        )
    }

    // MARK: - Its successor's

    private func running(_ prefix: String) -> Route {
        let staleAfter = staleAfter
        let shape = ProcessMetricsQuery.Shape(hasMinSamples: false)
        return route(prefix + "/running", shape, "Tasks at work and waiting, of runs that are running.") {
            store,
            _ in
            try ProcessMetricsEncoder.running(store.fetchRunning(staleAfter: staleAfter), now: store.now)
        }
    }

    private func tasks(_ prefix: String) -> Route {
        let parameters = [
            RouteDocumentation.Parameter(
                "status",
                "string",
                "Only tasks with this status, such as `FAILED`."
            ),
            RouteDocumentation.Parameter("offset", "integer", "How many to skip, at least 0; 0 by default."),
        ]
        return route(
            prefix + "/tasks",
            .tasks,
            "Completed tasks, the newest first.",
            parameters,
            reading: { reader in
                CompletedTasksPage(
                    status: reader.text("status").map(indexable),
                    offset: reader.number("offset", least: 0)?.clamped ?? 0
                )
            },
            answer: { store, encoder, page in
                let total = try store.countTasks(page)
                let rows = try store.fetchTasks(page, of: total)
                return try encoder.tasks(rows, total: total, limit: store.query.limit, offset: page.offset)
            }
        )
    }

    private func timeline(_ prefix: String) -> Route {
        let words = TimelineBucket.allCases.map(\.rawValue)
        let bucket = RouteDocumentation.Parameter(
            "bucket",
            "string",
            "How long a point is: `hour` (the default), `day` or `week`; all in UTC."
        )
        return route(
            prefix + "/timeline",
            .timeline,
            "Completed tasks and failures over time.",
            [bucket],
            reading: { $0.word("bucket", of: words).flatMap(TimelineBucket.init) ?? .hour },
            answer: { store, encoder, bucket in
                try encoder.timeline(store.fetchTimeline(bucket: bucket), bucket: bucket)
            }
        )
    }

    // MARK: - Making routes

    private func route(
        _ pattern: String,
        _ shape: ProcessMetricsQuery.Shape,
        _ summary: String,
        answer: @escaping @Sendable (ProcessMetricsStore, ProcessMetricsEncoder) throws -> [UInt8]
    ) -> Route {
        route(
            pattern,
            shape,
            summary,
            [],
            reading: { _ in },
            answer: { store, encoder, _ in try answer(store, encoder) }
        )
    }

    private func route<Extra: Sendable>(
        _ pattern: String,
        _ shape: ProcessMetricsQuery.Shape,
        _ summary: String,
        _ parameters: [RouteDocumentation.Parameter],
        reading readExtra: @escaping @Sendable (inout ParameterReader) -> Extra,
        answer: @escaping @Sendable (ProcessMetricsStore, ProcessMetricsEncoder, Extra) throws -> [UInt8]
    ) -> Route {
        let documentation = RouteDocumentation(
            tag: "Process metrics",
            summary: summary,
            parameters: shape.documentation + parameters
        )
        return Route(
            .get,
            pattern,
            scope: .read,
            documentation: documentation,
            handler: .async { request in
                var parameters = ParameterReader(request.query)
                let query = ProcessMetricsQuery(&parameters, shape)
                let extra = readExtra(&parameters)
                do throws(ParameterFaults) {
                    try parameters.finish()
                } catch {
                    return error.response
                }
                if query.hasTwoWindows {
                    return ErrorEnvelope.detail.response(
                        .badRequest,
                        "window_days and window_hours cannot be combined: give one of them"
                    )
                }
                return await reader.answer(.detail) { connection in
                    try ProcessMetricsStore.read(connection, query) { store in
                        let encoder = ProcessMetricsEncoder(now: store.now, windowDays: query.windowDays)
                        return .json(try answer(store, encoder, extra))
                    }
                }
            }
        )
    }
}

extension ProcessMetricsQuery.Shape {
    fileprivate var documentation: [RouteDocumentation.Parameter] {
        var parameters = [
            RouteDocumentation.Parameter("window_days", "integer", "Only the last so many days, at least 1.")
        ]
        if hasMinSamples {
            parameters.append(
                RouteDocumentation.Parameter(
                    "min_samples",
                    "integer",
                    "Show groups of at least so many completions; 50 by default."
                )
            )
        }
        if let limit {
            parameters.append(
                RouteDocumentation.Parameter(
                    "limit",
                    "integer",
                    "How many rows, \(limit.lowerBound) to \(limit.upperBound); \(defaultLimit) by default."
                )
            )
        }
        return parameters + [
            RouteDocumentation.Parameter(
                "window_hours",
                "integer",
                "Only the last so many hours, at least 1; not with window_days."
            ),
            RouteDocumentation.Parameter("since", "string", "Only from this moment on, ISO 8601, inclusive."),
            RouteDocumentation.Parameter("until", "string", "Only up to this moment, ISO 8601, inclusive."),
            RouteDocumentation.Parameter("run_name", "string", "Only runs with this name."),
            RouteDocumentation.Parameter("process", "string", "Only this process, by its full name."),
        ]
    }
}
