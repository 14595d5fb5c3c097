internal import Core
internal import Ingest
internal import Postgres

/// The SQL of workers in the loader.
enum WorkersApplyStore {
    private static let fetch = Statement("lock workers", file: PackageResources.lock_workers_sql)
    private static let upsert = Statement("upsert workers", file: PackageResources.upsert_workers_sql)
    private static let insertEvents = Statement(
        "insert worker events",
        """
        INSERT INTO worker_event (id, worker_id, ts, level, event_type, message, details_json)
        SELECT s.id, s.worker, s.ts, s.level, s.type, s.message, s.details::jsonb
        FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[])
            AS s (id, worker, ts, level, type, message, details)
        """
    )

    /// The workers of some lines, locked until the transaction ends.
    static func book(_ elements: [PipelineElement], on connection: Connection) throws -> WorkerBook {
        var ids: Set<Int64> = []
        var applications: [Int64] = []
        var names: [String] = []
        var instances: [String] = []
        for element in elements {
            guard case .worker(let report) = element.word else { continue }
            ids.insert(report.workerID)
            guard case .bootstrap(let bootstrap) = report.word else { continue }
            applications.append(bootstrap.applicationID)
            names.append(bootstrap.application)
            instances.append(bootstrap.instanceID)
        }
        guard !ids.isEmpty else { return WorkerBook([]) }
        // Two Weirs may hear of a new instance at once.
        if !names.isEmpty {
            try connection.execute("SELECT pg_advisory_xact_lock(hashtext('worker_client'))")
        }
        let rows = try connection.execute(
            fetch,
            [.int64Array(ids.sorted()), .int64Array(applications), .textArray(instances)]
        )
        if !names.isEmpty { try store(applications: applications, names, on: connection) }
        return WorkerBook(try rows.map { try WorkerBook.Entry($0) })
    }

    private static func store(applications: [Int64], _ names: [String], on connection: Connection) throws {
        try connection.execute(
            Statement(
                "insert applications of workers",
                """
                INSERT INTO application (id, name)
                SELECT DISTINCT ON (s.name) s.id, s.name FROM unnest($1::bigint[], $2::text[]) AS s (id, name)
                ORDER BY s.name, s.id
                ON CONFLICT DO NOTHING
                """
            ),
            [.int64Array(applications), .textArray(names)]
        )
        try PipelineNumbers.pass(application: applications.max(), on: connection)
    }

    /// Writes what changed.
    static func store(_ book: WorkerBook, on connection: Connection) throws {
        let rows = book.changed.sorted().compactMap { book.entries[$0] }
        if !rows.isEmpty {
            try connection.execute(upsert, [.text(json(rows))])
            try PipelineNumbers.pass(worker: rows.map(\.id).max(), on: connection)
        }
        let records = book.records
        guard !records.isEmpty else { return }
        try connection.execute(
            insertEvents,
            [
                .int64Array(records.map(\.id)), .int64Array(records.map(\.workerID)),
                .timestampArray(records.map(\.at)), .textArray(records.map(\.event.level.rawValue)),
                .textArray(records.map(\.event.type)), .textArray(records.map(\.event.message)),
                .textArray(records.map { $0.event.details.map { String(decoding: $0, as: UTF8.self) } }),
            ]
        )
    }

    /// The rows as one JSON array: a worker has too many columns for an array of each.
    private static func json(_ rows: [WorkerBook.Entry]) -> String {
        var writer = JSONWriter()
        writer.array { list in for row in rows { row.write(to: &list) } }
        return writer.text
    }
}

extension WorkerBook.Entry {
    /// Writes the row by the names of its columns.
    fileprivate func write(to list: inout JSONWriter) {
        let worker = bootstrap
        list.object { row in
            row.member("id", id)
            row.member("application_id", worker.applicationID)
            row.member("instance_id", worker.instanceID)
            row.member("worker_name", worker.name)
            row.member("worker_version", worker.version)
            row.member("sdk_version", worker.sdkVersion)
            row.member("environment", worker.environment)
            row.member("host_name", worker.hostName)
            row.member("pid", worker.pid)
            row.member("state", state.rawValue)
            row.member("status_reason", reason)
            row.member("session_hash", "\\x\(worker.sessionHash)")
            row.member("session_expires_at", worker.expiresAt.iso8601())
            row.member("session_at", sessionAt?.iso8601())
            row.member("broker_connected", isBrokerConnected)
            row.member("in_flight_jobs", inFlight)
            row.member("jobs_processed", processed)
            row.member("jobs_failed", failed)
            row.member("queue_lag", queueLag)
            row.member("cpu_percent", cpu)
            row.member("memory_mb", memory)
            row.member("uptime_sec", uptime)
            row.member("last_error", lastError)
            row.member("started_at", startedAt.iso8601())
            row.member("last_seen_at", lastSeenAt.iso8601())
            row.member("stopped_at", stoppedAt?.iso8601())
            row.member("updated_at", updatedAt.iso8601())
            row.member("lost_at", lostAt?.iso8601())
            row.member("supported_handlers", raw: worker.handlers)
            row.member("capabilities", raw: worker.capabilities)
            row.member("metadata", raw: worker.metadata)
        }
    }

    /// Reads a row of `lock_workers.sql`.
    fileprivate init(_ row: Row) throws {
        var worker = WorkerBootstrap(
            instanceID: try row.text("instance_id"),
            name: try row.text("worker_name")
        )
        worker.applicationID = try row.int64("application_id")
        worker.application = try row.optionalText("application") ?? PipelineBook.nobody
        worker.version = try row.optionalText("worker_version")
        worker.sdkVersion = try row.optionalText("sdk_version")
        worker.environment = try row.optionalText("environment")
        worker.hostName = try row.optionalText("host_name")
        worker.pid = try row.optionalInt64("pid")
        worker.sessionHash = try row.optionalText("session") ?? ""
        worker.expiresAt = try row.optionalTimestamp("session_expires_at") ?? .epoch
        worker.handlers = try row.utf8("supported_handlers")
        worker.capabilities = try row.utf8("capabilities")
        worker.metadata = try row.utf8("metadata")
        id = try row.int64("id")
        bootstrap = worker
        state = WorkerState(rawValue: try row.text("state")) ?? .starting
        isBrokerConnected = try row.bool("broker_connected")
        inFlight = try row.int64("in_flight_jobs")
        processed = try row.int64("jobs_processed")
        failed = try row.int64("jobs_failed")
        queueLag = try row.optionalInt64("queue_lag")
        cpu = try row.optionalDouble("cpu_percent")
        memory = try row.optionalDouble("memory_mb")
        uptime = try row.optionalInt64("uptime_sec")
        lastError = try row.optionalText("last_error")
        reason = try row.optionalText("status_reason")
        sessionAt = try row.optionalTimestamp("session_at")
        startedAt = try row.timestamp("started_at")
        lastSeenAt = try row.timestamp("last_seen_at")
        stoppedAt = try row.optionalTimestamp("stopped_at")
        updatedAt = try row.timestamp("updated_at")
        lostAt = try row.optionalTimestamp("lost_at")
    }
}
