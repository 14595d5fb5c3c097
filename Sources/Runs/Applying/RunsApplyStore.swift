internal import Core
internal import Ingest
internal import Postgres

/// The SQL of the projection. Long statements are in `SQL/`, to be read and run by hand.
enum RunsApplyStore {
    private static let fetch = Statement("fetch_runs", file: PackageResources.fetch_runs_sql)
    private static let update = Statement("update_runs", file: PackageResources.update_runs_sql)
    private static let tally = Statement("tally_runs", file: PackageResources.tally_runs_sql)
    private static let copy = Statement(
        "copy_runs",
        """
        COPY agent_run (
            event_key, event_id, run_id, agent_name, job_type, status, created_at, created_order, created_is_time,
            start_time, start_instant, api_posted, parent_run_id, insight_id, website, website_section, git_repo,
            git_commit_hash, received_at, document, ended_at, duration_ms
        ) FROM STDIN (FORMAT binary)
        """
    )
    private static let columnCount = 22

    /// Plans must not depend on how small a table was when they were made: runs are looked up by their keys.
    static func prepare(_ connection: Connection) throws {
        try connection.executeScript(
            "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off; SET jit = off"
        )
    }

    /// The runs with these keys, locked until the transaction ends.
    ///
    /// - Throws: `BatchTooLarge` when several runs together take more than `mostBytes`.
    static func fetch(
        _ keys: Set<UUID128>,
        mostBytes: Int,
        on connection: Connection
    ) throws -> [UUID128: RunTable.Entry] {
        let parameters: [Parameter] = [.uuidArray(Array(keys)), .int(mostBytes / max(keys.count, 1))]
        var entries: [UUID128: RunTable.Entry] = [:]
        var large: [UUID128: Timestamp] = [:]
        for row in try connection.execute(fetch, parameters) {
            let (key, receivedAt) = (try row.uuid(0), try row.timestamp(1))
            if let document = try row.optionalUTF8(2) {
                entries[key] = try entry(document, receivedAt)
            } else {
                large[key] = receivedAt
            }
        }
        guard !large.isEmpty else { return entries }
        var bytes = 0
        try connection.forEachRow(of: fetchLarge, [.uuidArray(Array(large.keys))]) { row in
            let (key, document) = (try row.uuid(0), try row.utf8(1))
            bytes += document.count
            guard bytes <= mostBytes || keys.count == 1, let receivedAt = large[key] else { return false }
            entries[key] = try entry(document, receivedAt)
            return true
        }
        if bytes > mostBytes, keys.count > 1 { throw BatchTooLarge() }
        return entries
    }

    private static let fetchLarge = Statement(
        "fetch_large_runs",
        "SELECT event_key, document FROM agent_run WHERE event_key = ANY ($1::uuid[])"
    )

    private static func entry(_ document: [UInt8], _ receivedAt: Timestamp) throws -> RunTable.Entry {
        let document = try JSONDocument(document, recordedDepth: 1)
        let record = RunRecord(document)
        return RunTable.Entry(record: record, receivedAt: receivedAt, storedStatus: record.text(.status))
    }

    /// Writes new and changed runs.
    ///
    /// - Returns: false, with nothing written, when another Weir has stored one of the new runs meanwhile.
    static func store(_ table: RunTable, on connection: Connection) throws -> Bool {
        let new = table.newKeys.compactMap { key in table.entries[key].map { (key, $0) } }
        guard try insert(new, on: connection) else { return false }
        let changed = table.entries.filter { $0.value.isChanged && !$0.value.isNew }
        if !changed.isEmpty { try update(changed, on: connection) }
        try RunTraceStore.store(table.traces, on: connection)
        var counts = RunCounts()
        for (_, entry) in new { counts.add(new: entry) }
        for entry in changed.values { counts.add(changed: entry) }
        try tally(counts, on: connection)
        try OutboxStore.insert(table.events, on: connection)
        return true
    }

    // MARK: - Statements

    /// A buffer for the rows of new runs.
    static func rows(for count: Int) -> BinaryCopyBuffer {
        BinaryCopyBuffer(columnCount: columnCount, reservingBytes: count * 1700)
    }

    private static func insert(
        _ entries: [(key: UUID128, entry: RunTable.Entry)],
        on connection: Connection
    ) throws -> Bool {
        guard !entries.isEmpty else { return true }
        var rows = rows(for: entries.count)
        for (key, entry) in entries {
            if let encoded = entry.encoded {
                rows.append(row: encoded.row, of: encoded.rows)
            } else {
                rows.append(run: entry.record, key, receivedAt: entry.receivedAt)
            }
        }
        do {
            try connection.savepoint("insert_runs") { _ = try connection.copyIn(copy, rows) }
            return true
        } catch let error as PostgresError where error.sqlState == "23505" {
            return false
        }
    }

    private static func update(_ entries: [UUID128: RunTable.Entry], on connection: Connection) throws {
        let rows = entries.sorted { $0.key < $1.key }
        try connection.execute(
            update,
            [
                .uuidArray(rows.map(\.key)),
                .textArray(rows.map { $0.value.record.text(.status) }),
                .textArray(rows.map { $0.value.record.text(.gitCommitHash) }),
                .textArray(rows.map { String(decoding: $0.value.record.document, as: UTF8.self) }),
                .textArray(rows.map { $0.value.record.text(.startTime) }),
                .timestampArray(rows.map { $0.value.record.startInstant }),
                .timestampArray(rows.map { $0.value.endedAt }),
                .int64Array(rows.map { $0.value.record.milliseconds }),
            ]
        )
    }

    /// Adds to the counts of runs.
    static func tally(_ counts: RunCounts, on connection: Connection) throws {
        let rows = counts.rows
        guard !rows.isEmpty else { return }
        try connection.execute(
            tally,
            [
                .textArray(rows.map(\.facet)),
                .uuidArray(rows.map { RunKeys.value($0.value) }),
                .textArray(rows.map(\.value)),
                .int64Array(rows.map(\.runs)),
                .timestampArray(rows.map(\.lastAt)),
            ]
        )
    }
}

extension BinaryCopyBuffer {
    /// Adds the row of a run.
    mutating func append(run record: RunRecord, _ key: UUID128, receivedAt: Timestamp) {
        let created = record.text(.createdAt) ?? ""
        let createdInstant = record.createdInstant
        let start = record.text(.startTime) ?? ""
        beginRow()
        append(uuid: key)
        append(record, .eventID)
        append(record, .runID)
        append(record, .agentName)
        append(record, .jobType)
        append(record, .status)
        append(text: created)
        append(timestamp: createdInstant ?? receivedAt)
        append(bool: createdInstant != nil)
        append(text: start)
        append(timestamp: RunTimestamp.instant(of: start))
        append(bool: record[.apiPosted]?.elementsEqual("true".utf8) ?? false)
        append(record, .parentRunID)
        append(record, .insightID)
        append(record, .website)
        append(record, .websiteSection)
        append(record, .gitRepo)
        append(record, .gitCommitHash)
        append(timestamp: receivedAt)
        append(text: record.document)
        append(timestamp: record.endedInstant(heardAt: receivedAt))
        append(int8: record.milliseconds)
    }

    /// Adds a text of a record, or NULL; few texts have escapes.
    private mutating func append(_ record: RunRecord, _ field: RunField) {
        guard let json = record[field] else { return appendNull() }
        if json.contains(UInt8(ascii: "\\")) {
            append(text: JSONText.string(json))
        } else {
            append(text: json.dropFirst().dropLast())
        }
    }
}
