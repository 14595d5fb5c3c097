internal import API
internal import Configuration
internal import Core
internal import HTTP
internal import Ingest
internal import Postgres

/// Workers of pipelines and their events, as dashboards read them. Contract pipelogiq §7.6, §7.7.
struct WorkerReadRoutes: Sendable {
    let surface: PipelinesSurface
    let offlineAfter: Duration
    let limits: InsightLimits

    var all: [Endpoint] { PipelinesSurface.doubled([list, events, eventsOfOne]) }

    private static let state = APIParameter.word(
        "state",
        WorkerState.allCases.map(\.rawValue),
        "Only those in this effective state."
    )
    private static let application = APIParameter.integer(
        "applicationId",
        0...9_007_199_254_740_991,
        "Only this application's."
    )
    private static let worker = APIParameter.integer(
        "workerId",
        0...9_007_199_254_740_991,
        "Only this worker's."
    )
    private static let search = APIParameter.text("search", "Part of the name, the instance or the host.")
    private static let limit = PipelinesSurface.Bounded("limit", to: 500, fallback: 100, "How many.")
    private static let eventLimit = PipelinesSurface.Bounded("limit", to: 1000, fallback: 200, "How many.")

    // MARK: - Workers

    private struct Query: Sendable {
        let state: WorkerState?
        let application: Int64?
        let search: String?
        let limit: Int
    }

    private var list: Endpoint {
        surface.reading(
            "/workers",
            "Workers of pipelines, those seen last first.",
            [Self.state, Self.application, Self.search, Self.limit.parameter],
            answers: [
                APIAnswer(200, "The workers and how many there are.", .named(PipelineSchemas.workers))
            ],
            reading: { reader in
                Query(
                    state: reader.word(Self.state).flatMap(WorkerState.init(rawValue:)),
                    application: reader.number(Self.application)?.clamped,
                    search: reader.text(Self.search).flatMap { $0.trimmed.isEmpty ? nil : $0.trimmed },
                    limit: Self.limit.value(&reader)
                )
            },
            answer: { request, query, connection in
                try workers(query, now: request.receivedAt, on: connection)
            }
        )
    }

    /// PostgreSQL counts: there may be many workers that are long gone.
    private func workers(_ query: Query, now: Timestamp, on connection: Connection) throws -> Response {
        var conditions = SQLConditions()
        let limit = conditions.place(.timestamp(now - offlineAfter))
        let effective =
            "CASE WHEN w.state <> 'stopped' AND w.last_seen_at < \(limit) THEN 'offline' ELSE w.state END"
        let own = query.application.map { "WHERE application_id = \(conditions.place(.int64($0)))" } ?? ""
        // Those seen last: an index has their states.
        let source =
            "(SELECT * FROM worker_client \(own) ORDER BY last_seen_at DESC LIMIT \(limits.counted)) w"
        if let search = query.search {
            let pattern = conditions.place(.text(LikePattern.containing(search)))
            conditions.require(
                "w.worker_name ILIKE \(pattern) OR w.instance_id ILIKE \(pattern) OR w.host_name ILIKE \(pattern)"
            )
        }
        if let state = query.state {
            conditions.require("\(effective) = \(conditions.place(.text(state.rawValue)))")
        }
        var counts: [WorkerState: Int64] = [:]
        let sql =
            "SELECT \(effective) AS state, count(*) AS n FROM \(source) WHERE \(conditions.text) GROUP BY 1"
        for row in try connection.execute(Statement(sql: sql), conditions.parameters) {
            counts[WorkerState(rawValue: try row.text("state")) ?? .starting, default: 0] += try row.int64(
                "n"
            )
        }
        let most = conditions.place(.int(query.limit))
        let rows = try connection.execute(
            Statement(
                sql: """
                    SELECT w.*, \(effective) AS effective, a.name AS application FROM \(source)
                    LEFT JOIN application a ON a.id = w.application_id
                    WHERE \(conditions.text) ORDER BY w.last_seen_at DESC, w.id LIMIT \(most)::bigint
                    """
            ),
            conditions.parameters
        )
        var writer = JSONWriter()
        try writer.object { body in
            try body.array("items") { list in
                for row in rows { try list.object { try Self.write(row, to: &$0) } }
            }
            write(counts, to: &body)
        }
        return .json(writer.bytes + [UInt8(ascii: "\n")])
    }

    private func write(_ counts: [WorkerState: Int64], to body: inout JSONWriter) {
        let total = counts.values.reduce(0, +)
        let offline = counts[.offline] ?? 0
        body.member("totalCount", total)
        // A worker that has stopped is not online: the original counts it as online.
        body.member("onlineCount", total - offline - (counts[.stopped] ?? 0))
        body.member("offlineCount", offline)
        body.member("degradedCount", (counts[.degraded] ?? 0) + (counts[.error] ?? 0))
        body.member("offlineAfterSec", offlineAfter.components.seconds)
    }

    private static func write(_ row: Row, to item: inout JSONWriter) throws {
        let application = try row.optionalText("application") ?? PipelineEntry.nobody
        item.member("id", try row.int64("id"))
        item.member("applicationId", try row.int64("application_id"))
        item.member("applicationName", application)
        item.member("appId", application)
        item.member("workerName", try row.text("worker_name"))
        item.member("instanceId", try row.text("instance_id"))
        let texts = [
            ("workerVersion", "worker_version"), ("sdkVersion", "sdk_version"),
            ("environment", "environment"),
            ("hostName", "host_name"), ("statusReason", "status_reason"), ("lastError", "last_error"),
        ]
        for (name, column) in texts {
            if let text = try row.optionalText(.name(column)) { item.member(name, text) }
        }
        if let pid = try row.optionalInt64("pid") { item.member("pid", pid) }
        item.member("state", try row.text("state"))
        item.member("effectiveState", try row.text("effective"))
        item.member("brokerConnected", try row.bool("broker_connected"))
        item.member("inFlightJobs", try row.int64("in_flight_jobs"))
        item.member("jobsProcessed", try row.int64("jobs_processed"))
        item.member("jobsFailed", try row.int64("jobs_failed"))
        if let lag = try row.optionalInt64("queue_lag") { item.member("queueLag", lag) }
        if let cpu = try row.optionalDouble("cpu_percent") {
            PipelineEncoder.member("cpuPercent", cpu, to: &item)
        }
        if let memory = try row.optionalDouble("memory_mb") {
            PipelineEncoder.member("memoryMb", memory, to: &item)
        }
        item.member("startedAt", PipelineEncoder.moment(try row.timestamp("started_at")))
        item.member("lastSeenAt", PipelineEncoder.moment(try row.timestamp("last_seen_at")))
        if let stopped = try row.optionalTimestamp("stopped_at") {
            item.member("stoppedAt", PipelineEncoder.moment(stopped))
        }
        item.member("updatedAt", PipelineEncoder.moment(try row.timestamp("updated_at")))
        for (name, column, empty) in [
            ("supportedHandlers", "supported_handlers", "[]"), ("capabilities", "capabilities", "{}"),
            ("metadata", "metadata", "{}"),
        ] {
            let json = try row.utf8(.name(column))
            if json != Array(empty.utf8) { item.member(name, raw: json) }
        }
    }

    // MARK: - Events

    private var events: Endpoint {
        surface.reading(
            "/workers/events",
            "Events of workers, the newest first.",
            [Self.worker, Self.application, Self.eventLimit.parameter],
            answers: [APIAnswer(200, "The events.", .list(.object))],
            reading: { reader in
                (
                    reader.number(Self.worker)?.clamped, reader.number(Self.application)?.clamped,
                    Self.eventLimit.value(&reader)
                )
            },
            answer: { _, query, connection in
                try Self.events(of: query.0, application: query.1, limit: query.2, on: connection)
            }
        )
    }

    private var eventsOfOne: Endpoint {
        surface.reading(
            "/workers/{workerId}/events",
            "Events of one worker, the newest first; none of an unknown one.",
            [Self.eventLimit.parameter],
            answers: [APIAnswer(200, "The events.", .list(.object))],
            reading: { reader in Self.eventLimit.value(&reader) },
            answer: { request, limit, connection in
                let id = Int64(request.parameters["workerId"] ?? "") ?? -1
                return try Self.events(of: id, application: nil, limit: limit, on: connection)
            }
        )
    }

    private static func events(of worker: Int64?, application: Int64?, limit: Int, on connection: Connection)
        throws
        -> Response
    {
        var conditions = SQLConditions()
        conditions.require("e.worker_id", equals: worker.map(Parameter.int64))
        conditions.require("w.application_id", equals: application.map(Parameter.int64))
        let most = conditions.place(.int(limit))
        var source = "worker_event e LEFT JOIN worker_client w ON w.id = e.worker_id"
        if let application, worker == nil {
            // The newest of each of its workers: its events among all may be few.
            source = """
                (
                    SELECT * FROM worker_client WHERE application_id = \(conditions.place(.int64(application)))
                    ORDER BY last_seen_at DESC LIMIT 10000
                ) w
                CROSS JOIN LATERAL (
                    SELECT * FROM worker_event WHERE worker_id = w.id ORDER BY ts DESC, id DESC LIMIT \(most)::bigint
                ) e
                """
        }
        let rows = try connection.execute(
            Statement(
                sql: """
                    SELECT e.id, e.worker_id, e.ts, e.level, e.event_type, e.message, e.details_json, w.worker_name,
                           w.application_id, a.name AS application
                    FROM \(source)
                    LEFT JOIN application a ON a.id = w.application_id
                    WHERE \(conditions.text) ORDER BY e.ts DESC, e.id DESC LIMIT \(most)::bigint
                    """
            ),
            conditions.parameters
        )
        var writer = JSONWriter()
        try writer.array { list in
            for row in rows {
                try list.object { event in
                    event.member("id", try row.int64("id"))
                    event.member("workerId", try row.int64("worker_id"))
                    event.member("workerName", try row.optionalText("worker_name") ?? "")
                    event.member("applicationId", try row.optionalInt64("application_id") ?? 0)
                    event.member(
                        "applicationName",
                        try row.optionalText("application") ?? PipelineEntry.nobody
                    )
                    event.member("ts", PipelineEncoder.moment(try row.timestamp("ts")))
                    event.member("level", try row.text("level"))
                    event.member("eventType", try row.text("event_type"))
                    event.member("message", try row.text("message"))
                    if let details = try row.optionalUTF8("details_json") {
                        event.member("details", raw: details)
                    }
                }
            }
        }
        return .json(writer.bytes + [UInt8(ascii: "\n")])
    }
}
