internal import Core
internal import Ingest
internal import Postgres

/// The SQL that reads and writes stages while lines are applied.
extension PipelinesApplyStore {
    /// Locks the pipelines of some stages, in their order, until the transaction ends.
    private static let lock = Statement(
        "lock pipelines",
        """
        SELECT p.id, p.name, a.name AS application, p.trace_id, p.status, p.is_completed, p.finished_at, p.was_started,
               p.created_at, p.first_items
        FROM pipeline p
        LEFT JOIN application a ON a.id = p.application_id
        WHERE p.id IN (
            SELECT pipeline_id FROM stage WHERE id = ANY ($1::bigint[])
            UNION
            SELECT unnest($2::bigint[])
        )
        ORDER BY p.id
        FOR NO KEY UPDATE OF p
        """
    )
    private static let stages = Statement(
        "stages of pipelines",
        file: PackageResources.stages_of_pipelines_sql
    )
    private static let updatePipelines = Statement(
        "update pipelines",
        """
        UPDATE pipeline p
        SET status = s.status, is_completed = s.done, finished_at = s.finished_at, was_started = s.started
        FROM unnest($1::bigint[], $2::text[], $3::boolean[], $4::timestamptz[], $5::boolean[])
            AS s (id, status, done, finished_at, started)
        WHERE p.id = s.id
        """
    )
    private static let updateStages = Statement("update stages", file: PackageResources.update_stages_sql)

    /// The pipelines of the stages that some lines change, and `adopted` ones.
    static func book(_ elements: [PipelineElement], _ adopted: Set<Int64>, on connection: Connection) throws
        -> PipelineBook
    {
        let ids = elements.compactMap { element in
            if case .stage(let report) = element.word { report.stageID } else { nil }
        }
        guard !ids.isEmpty || !adopted.isEmpty else { return PipelineBook([]) }
        var entries: [PipelineEntry] = []
        let parameters: [Parameter] = [.int64Array(Set(ids).sorted()), .int64Array(adopted.sorted())]
        for row in try connection.execute(lock, parameters) { entries.append(try PipelineEntry(row)) }
        guard !entries.isEmpty else { return PipelineBook([]) }
        let places = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.id, $0) })
        let numbers = Parameter.int64Array(entries.map(\.id))
        for row in try connection.execute(stages, [numbers]) {
            let stage = try StageState(row)
            guard let place = places[stage.pipelineID] else { continue }
            entries[place].stages.append(stage)
            entries[place].handlers[stage.id] = try row.optionalText("stage_handler_name")
        }
        // A row that was waited for is read anew, what is joined to it is not: hence a statement of its own.
        for (id, last) in try StageReportStore.last(of: entries.map(\.id), on: connection) {
            if let place = places[id] { entries[place].last = last }
        }
        return PipelineBook(entries)
    }

    /// Writes what changed.
    static func store(_ book: PipelineBook, on connection: Connection) throws {
        let changed = book.changed
        let pipelines = changed.filter(\.isChanged)
        if !pipelines.isEmpty {
            let states = pipelines.map(\.state)
            try connection.execute(
                updatePipelines,
                [
                    .int64Array(pipelines.map(\.id)), .textArray(states.map(\.status.rawValue)),
                    .boolArray(states.map(\.isCompleted)), .timestampArray(states.map(\.finishedAt)),
                    .boolArray(states.map(\.wasStarted)),
                ]
            )
        }
        try store(
            stages: changed.flatMap { entry in entry.stages.filter { entry.changed.contains($0.id) } },
            on: connection
        )
        try StageApplyStore.store(changed, on: connection)
        try StageReportStore.keep(book, on: connection)
    }

    private static func store(stages: [StageState], on connection: Connection) throws {
        guard !stages.isEmpty else { return }
        try connection.execute(
            updateStages,
            [
                .int64Array(stages.map(\.id)), .textArray(stages.map(\.status.rawValue)),
                .timestampArray(stages.map(\.startedAt)), .timestampArray(stages.map(\.finishedAt)),
                .boolArray(stages.map(\.isSkipped)), .int64Array(stages.map { Int64($0.retryAttempt) }),
                .timestampArray(stages.map(\.nextRetryAt)),
            ]
        )
    }

    /// Writes the logs that programs sent beside any stage.
    static func store(logs elements: [PipelineElement], on connection: Connection) throws {
        var logs: [(at: Timestamp, log: ApplicationLog)] = []
        for element in elements { if case .log(let log) = element.word { logs.append((element.at, log)) } }
        guard !logs.isEmpty else { return }
        try connection.execute(
            Statement("insert application logs", file: PackageResources.insert_application_logs_sql),
            [
                .int64Array(logs.map(\.log.id)), .textArray(logs.map(\.log.application)),
                .textArray(logs.map { $0.log.message ?? "" }),
                .textArray(logs.map { $0.log.level ?? "INFO" }),
                .timestampArray(logs.map { $0.log.created ?? $0.at }), .timestampArray(logs.map(\.at)),
                .textArray(logs.map { String(decoding: $0.log.keywordsJSON, as: UTF8.self) }),
            ]
        )
    }
}

/// The SQL of what stages leave behind.
enum StageApplyStore {
    private static let insertLogs = Statement(
        "insert stage logs",
        """
        INSERT INTO stage_log (stage_id, log, log_level, created_at)
        SELECT s.* FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[]) AS s (id, log, level, at)
        """
    )
    private static let insertRetries = Statement(
        "insert stage retries",
        """
        INSERT INTO stage_retry (stage_id, attempt, started_at, failed_at)
        SELECT s.* FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::timestamptz[])
            AS s (id, attempt, started_at, failed_at)
        ON CONFLICT DO NOTHING
        """
    )
    private static let upsertOutputs = Statement(
        "upsert stage outputs",
        """
        INSERT INTO stage_io (stage_id, output)
        SELECT s.id, s.output FROM unnest($1::bigint[], $2::text[]) AS s (id, output)
        ON CONFLICT (stage_id) DO UPDATE SET output = excluded.output
        """
    )
    // Lines are applied in their order: the later one counts.
    private static let upsertItems = Statement(
        "upsert context items",
        """
        INSERT INTO pipeline_context_item (pipeline_id, key, value, value_type, place, set_at)
        SELECT s.* FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[])
            AS s (pipeline, key, value, type, place, at)
        ON CONFLICT (pipeline_id, key) DO UPDATE
        SET value = excluded.value, value_type = excluded.value_type, set_at = excluded.set_at
        """
    )

    static func store(_ changed: [PipelineEntry], on connection: Connection) throws {
        try clear(changed.filter(\.isRemade), on: connection)
        let logs = changed.flatMap(\.logs)
        if !logs.isEmpty {
            try connection.execute(
                insertLogs,
                [
                    .int64Array(logs.map(\.stageID)), .textArray(logs.map(\.text)),
                    .textArray(logs.map(\.level)), .timestampArray(logs.map(\.at)),
                ]
            )
        }
        let retries = changed.flatMap(\.retries)
        if !retries.isEmpty {
            try connection.execute(
                insertRetries,
                [
                    .int64Array(retries.map(\.stageID)), .int64Array(retries.map { Int64($0.attempt) }),
                    .timestampArray(retries.map(\.startedAt)), .timestampArray(retries.map(\.failedAt)),
                ]
            )
        }
        let outputs = changed.flatMap(\.outputs).sorted { $0.key < $1.key }
        if !outputs.isEmpty {
            try connection.execute(
                upsertOutputs,
                [.int64Array(outputs.map(\.key)), .textArray(outputs.map(\.value))]
            )
        }
        try store(items: changed.flatMap(\.items), on: connection)
    }

    /// Removes what lines have left beside stages that are made anew.
    private static func clear(_ remade: [PipelineEntry], on connection: Connection) throws {
        guard !remade.isEmpty else { return }
        let stages = Parameter.int64Array(remade.flatMap { $0.stages.map(\.id) })
        try connection.execute("DELETE FROM stage_log WHERE stage_id = ANY ($1::bigint[])", [stages])
        try connection.execute(
            "UPDATE stage_io SET output = NULL WHERE stage_id = ANY ($1::bigint[]) AND output IS NOT NULL",
            [stages]
        )
        try connection.execute("DELETE FROM stage_retry WHERE stage_id = ANY ($1::bigint[])", [stages])
        try connection.execute(
            "DELETE FROM pipeline_context_item WHERE pipeline_id = ANY ($1::bigint[])",
            [.int64Array(remade.map(\.id))]
        )
    }

    /// Writes context items; of two with one key the later one counts, at the place of the first.
    static func store(items: [PipelineEntry.Item], on connection: Connection) throws {
        struct Key: Hashable {
            let pipeline: Int64
            let key: String
        }
        var rows: [Key: (place: Int, item: PipelineEntry.Item)] = [:]
        for item in items {
            let key = Key(pipeline: item.pipelineID, key: item.item.key)
            rows[key] = (rows[key]?.place ?? item.place, item)
        }
        guard !rows.isEmpty else { return }
        let sorted = rows.sorted { ($0.key.pipeline, $0.key.key) < ($1.key.pipeline, $1.key.key) }.map(
            \.value
        )
        try connection.execute(
            upsertItems,
            [
                .int64Array(sorted.map(\.item.pipelineID)), .textArray(sorted.map(\.item.item.key)),
                .textArray(sorted.map(\.item.item.value)), .textArray(sorted.map(\.item.item.type)),
                .int64Array(sorted.map { Int64($0.place) }), .timestampArray(sorted.map(\.item.at)),
            ]
        )
    }
}

extension StageState {
    /// Reads a row of `stages_of_pipelines.sql`.
    init(_ row: Row) throws {
        self.init(
            id: try row.int64("id"),
            pipelineID: try row.int64("pipeline_id"),
            name: try row.text("name")
        )
        status = StageStatus(rawValue: try row.text("status")) ?? .notStarted
        startedAt = try row.optionalTimestamp("started_at")
        finishedAt = try row.optionalTimestamp("finished_at")
        isSkipped = try row.bool("is_skipped")
        isEvent = try row.bool("is_event")
        retryAttempt = try row.int("retry_attempt")
        nextRetryAt = try row.optionalTimestamp("next_retry_at")
        maxRetries = try row.int("max_retries")
        retryInterval = try row.int("retry_interval")
    }
}
