internal import Core
internal import Ingest
internal import Postgres

/// The SQL of the projection. Long statements stand in `SQL/`, to be read and run by hand.
enum RunsApplyStore {
    private static let fetch = Statement(
        "fetch_runs",
        String(decoding: PackageResources.fetch_runs_sql, as: UTF8.self)
    )
    private static let update = Statement(
        "update_runs",
        String(decoding: PackageResources.update_runs_sql, as: UTF8.self)
    )
    private static let tally = Statement(
        "tally_runs",
        String(decoding: PackageResources.tally_runs_sql, as: UTF8.self)
    )
    private static let copy = Statement(
        "copy_runs",
        """
        COPY agent_run (
            event_key, event_id, run_id, agent_name, job_type, status, created_at, created_order, created_is_time,
            start_time, start_instant, api_posted, parent_run_id, insight_id, website, website_section, git_repo,
            git_commit_hash, received_at, document
        ) FROM STDIN (FORMAT binary)
        """
    )
    private static let columnCount = 20

    /// Plans must not depend on how small a table was when they were made: runs are looked up by their keys.
    static func prepare(_ connection: Connection) throws {
        try connection.executeScript(
            "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off; SET jit = off"
        )
    }

    /// The runs with these keys, locked until the transaction ends.
    static func fetch(
        _ keys: Set<UUID128>,
        on connection: Connection
    ) throws -> [UUID128: RunTable.Entry] {
        let rows = try connection.execute(fetch, [.uuidArray(Array(keys))])
        var entries: [UUID128: RunTable.Entry] = [:]
        for row in rows {
            let document = try JSONDocument(try row.utf8(2), recordedDepth: 1)
            entries[try row.uuid(0)] = RunTable.Entry(
                record: RunRecord(document),
                receivedAt: try row.timestamp(1)
            )
        }
        return entries
    }

    /// Writes what is new or has changed.
    ///
    /// - Returns: false, with nothing written, when another Weir has stored one of the new runs meanwhile.
    static func store(_ table: RunTable, on connection: Connection) throws -> Bool {
        let new = table.newKeys.compactMap { key in table.entries[key].map { (key, $0) } }
        guard try insert(new, on: connection) else { return false }
        let changed = table.entries.filter { $0.value.isChanged && !$0.value.isNew }
        if !changed.isEmpty { try update(changed, on: connection) }
        var counts = RunCounts()
        for (_, entry) in new {
            counts.add(
                1,
                agent: entry.record.text(.agentName) ?? "",
                job: entry.record.text(.jobType) ?? "",
                createdAt: entry.record.createdInstant ?? entry.receivedAt
            )
        }
        try tally(counts, on: connection)
        try SignalStore.insert(table.signals, on: connection)
        return true
    }

    // MARK: - Statements

    /// Room for the rows of new runs.
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
            ]
        )
    }

    /// Adds to the counts of runs by agent, job type and hour.
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
            ]
        )
    }
}

/// How many runs have come or gone, by agent, by job type and by the hour of their creation.
struct RunCounts {
    private struct Key: Hashable {
        let facet: String
        let value: String
    }

    private var counts: [Key: Int64] = [:]

    /// Notes `runs` more of an agent, a job type and an hour.
    mutating func add(_ runs: Int64, agent: String, job: String, createdAt: Timestamp) {
        counts[Key(facet: "agent_name", value: agent), default: 0] += runs
        counts[Key(facet: "job_type", value: job), default: 0] += runs
        counts[Key(facet: "created_hour", value: Self.hour(of: createdAt)), default: 0] += runs
    }

    /// The hour in UTC, as `2026-11-25T10`.
    static func hour(of time: Timestamp) -> String { String(time.iso8601().prefix(13)) }

    /// One row for each value that has changed.
    var rows: [(facet: String, value: String, runs: Int64)] {
        counts.map { ($0.key.facet, $0.key.value, $0.value) }
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
    }

    /// Adds a text of a record, or NULL; nearly none has escapes.
    private mutating func append(_ record: RunRecord, _ field: RunField) {
        guard let json = record[field] else { return appendNull() }
        if json.contains(UInt8(ascii: "\\")) {
            append(text: JSONText.string(json))
        } else {
            append(text: json.dropFirst().dropLast())
        }
    }
}
