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

    private static let takeEarly = Statement(
        "take reports of new workers",
        "DELETE FROM worker_report WHERE worker_id = ANY ($1::bigint[]) RETURNING worker_id, at, journal, seq, body"
    )
    private static let keepEarly = Statement(
        "keep reports of unknown workers",
        """
        INSERT INTO worker_report (worker_id, at, journal, seq, body)
        SELECT s.* FROM unnest($1::bigint[], $2::timestamptz[], $3::uuid[], $4::bigint[], $5::text[])
            AS s (worker, at, journal, seq, body)
        ON CONFLICT DO NOTHING
        """
    )

    /// The workers of some lines, locked until the transaction ends.
    static func book(_ elements: [PipelineElement], on connection: Connection) throws -> WorkerBook {
        var ids: Set<Int64> = []
        var new: [(id: Int64, worker: WorkerBootstrap)] = []
        for element in elements {
            guard case .worker(let report) = element.word else { continue }
            ids.insert(report.workerID)
            if case .bootstrap(let bootstrap) = report.word { new.append((report.workerID, bootstrap)) }
        }
        guard !ids.isEmpty else { return WorkerBook([]) }
        // Two Weirs may hear of a new instance at once.
        if !new.isEmpty { try lock(connection) }
        var rows = try fetch(ids, new.map(\.worker), on: connection)
        let isMissing = !ids.isSubset(of: try rows.map { try $0.int64("id") })
        // A worker that has not begun: either it is there when who begins it has committed, or that one finds the line.
        if isMissing, new.isEmpty {
            try lock(connection)
            rows = try fetch(ids, [], on: connection)
        }
        var aliases: [Int64: Int64] = [:]
        if isMissing {
            let statement = Statement(
                "other numbers of workers",
                "SELECT id, worker_id FROM worker_alias WHERE id = ANY ($1::bigint[])"
            )
            for row in try connection.execute(statement, [.int64Array(ids.sorted())]) {
                aliases[try row.int64("id")] = try row.int64("worker_id")
            }
            if !aliases.isEmpty {
                rows = try fetch(ids.union(aliases.values), new.map(\.worker), on: connection)
            }
        }
        if !new.isEmpty {
            try store(
                applications: new.map(\.worker.applicationID),
                new.map(\.worker.application),
                on: connection
            )
        }
        return WorkerBook(
            try rows.map { try WorkerEntry($0) },
            aliases: aliases,
            waiting: try waiting(new.map(\.id), on: connection)
        )
    }

    private static func lock(_ connection: Connection) throws {
        try connection.execute("SELECT pg_advisory_xact_lock(hashtext('worker_client'))")
    }

    private static func fetch(_ ids: Set<Int64>, _ new: [WorkerBootstrap], on connection: Connection) throws
        -> [Row]
    {
        try connection.execute(
            fetch,
            [
                .int64Array(ids.sorted()), .int64Array(new.map(\.applicationID)),
                .textArray(new.map(\.instanceID)),
            ]
        ).map { $0 }
    }

    /// Lines that came before the beginning of their workers.
    private static func waiting(_ ids: [Int64], on connection: Connection) throws -> [WorkerBook.Line] {
        guard !ids.isEmpty else { return [] }
        return try connection.execute(takeEarly, [.int64Array(ids)]).compactMap { row in
            guard let body = try? BodyReader(try row.utf8("body")),
                let report = try? WorkerReport(line: body)
            else { return nil }
            return WorkerBook.Line(place: try LinePlace(row), report: report)
        }
    }

    private static func keep(_ early: [WorkerBook.Line], on connection: Connection) throws {
        guard !early.isEmpty else { return }
        let places = early.map(\.place)
        try connection.execute(
            keepEarly,
            [
                .int64Array(early.map(\.report.workerID)), .timestampArray(places.map(\.at)),
                .uuidArray(places.map(\.journal)), .int64Array(places.map(\.seq)),
                .textArray(early.map { String(decoding: $0.report.line, as: UTF8.self) }),
            ]
        )
    }

    private static func store(aliases: [Int64: Int64], on connection: Connection) throws {
        guard !aliases.isEmpty else { return }
        let pairs = aliases.sorted { $0.key < $1.key }
        try connection.execute(
            Statement(
                "insert other numbers of workers",
                """
                INSERT INTO worker_alias (id, worker_id)
                SELECT s.* FROM unnest($1::bigint[], $2::bigint[]) AS s (id, worker) ON CONFLICT DO NOTHING
                """
            ),
            [.int64Array(pairs.map(\.key)), .int64Array(pairs.map(\.value))]
        )
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
        try store(aliases: book.newAliases, on: connection)
        try keep(book.early, on: connection)
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
    private static func json(_ rows: [WorkerEntry]) -> String {
        var writer = JSONWriter()
        writer.array { list in for row in rows { row.write(to: &list) } }
        return writer.text
    }
}

extension WorkerEntry {
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
            row.member("marks", String(decoding: marksJSON, as: UTF8.self))
        }
    }

    /// Reads a row of `lock_workers.sql`.
    fileprivate init(_ row: Row) throws {
        var worker = WorkerBootstrap(
            instanceID: try row.text("instance_id"),
            name: try row.text("worker_name")
        )
        worker.applicationID = try row.int64("application_id")
        worker.application = try row.optionalText("application") ?? PipelineEntry.nobody
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
        self.init(
            id: try row.int64("id"),
            bootstrap: worker,
            at: try row.timestamp("started_at")
        )
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
        lastSeenAt = try row.timestamp("last_seen_at")
        updatedAt = try row.timestamp("updated_at")
        read(marks: try row.optionalUTF8("marks"), lostAt: try row.optionalTimestamp("lost_at"))
    }
}
