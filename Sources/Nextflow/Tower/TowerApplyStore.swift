internal import Core
internal import Ingest
internal import Journal
internal import Postgres

/// The SQL of `TowerProjection`.
enum TowerApplyStore {
    private static let copyCalls = Statement(
        "copy_tower_call",
        """
        COPY tower_call
            (received_at, journal_id, seq, workflow_id, workspace_id, call, instant, is_resend, altered, body)
        FROM STDIN (FORMAT binary)
        """
    )
    private static let tellWorkflows = Statement(
        "tell_tower_workflows",
        file: PackageResources.tell_tower_workflows_sql
    )
    private static let tellContainers = Statement(
        "tell_tower_containers",
        file: PackageResources.tell_tower_containers_sql
    )
    private static let tellRuns = Statement("tell_tower_runs", file: PackageResources.tell_tower_runs_sql)

    // MARK: - Calls

    /// Stores the calls as they came.
    static func insertCalls(_ elements: [TowerElement], on connection: Connection) throws {
        let bytes = elements.reduce(0) { $0 + $1.message.root.rawBytes.count + 160 }
        var rows = BinaryCopyBuffer(columnCount: 10, reservingBytes: bytes)
        for element in elements {
            let message = element.message
            rows.beginRow()
            rows.append(timestamp: message.receivedAt)
            rows.append(uuid: message.journalID)
            rows.append(int8: message.seq)
            rows.append(text: indexable(message.workflowID))
            rows.append(int8: message.workspaceID)
            rows.append(text: message.call.rawValue)
            rows.append(timestamp: message.instant)
            rows.append(bool: element.isResend)
            rows.append(bool: message.isAltered)
            rows.append(jsonb: message.root.rawBytes)
        }
        try connection.copyIn(copyCalls, rows)
    }

    // MARK: - Which run it is

    /// Notes what calls tell of their runs; returns the run of each id as far as anybody has told it.
    ///
    /// An id without a run stays locked until the transaction ends: the call that tells it, maybe through another Weir,
    /// then finds what was kept for it.
    static func tellWorkflows(_ messages: [TowerMessage], on connection: Connection) throws -> [String:
        TowerRun]
    {
        var told: [String: TowerRun] = [:]
        for message in messages {
            guard let run = message.run else { continue }
            for id in message.workflowIDs where told[id].map({ run.key < $0.key }) ?? true { told[id] = run }
        }
        let ids = Set(messages.flatMap(\.workflowIDs)).sorted()
        var runs = try fetchRuns(ids, locking: false, on: connection)
        let news = ids.filter { id in
            guard let run = told[id] else { return runs[id] == nil }
            return runs[id].map { run.key < $0.key } ?? true
        }
        guard !news.isEmpty else { return runs }
        let arrivals = Dictionary(
            messages.flatMap { message in message.workflowIDs.map { ($0, message.receivedAt) } },
            uniquingKeysWith: min
        )
        try connection.execute(
            tellWorkflows,
            [
                .textArray(news), .uuidArray(news.map { told[$0]?.key }),
                .textArray(news.map { told[$0]?.id }),
                .textArray(news.map { told[$0]?.name }), .timestampArray(news.map { arrivals[$0] }),
            ]
        )
        runs.merge(try fetchRuns(news, locking: true, on: connection)) { $1 }
        return runs
    }

    private static func fetchRuns(
        _ ids: [String],
        locking: Bool,
        on connection: Connection
    ) throws -> [String: TowerRun] {
        let rows = try connection.execute(locking ? lockedRuns : runs, [.textArray(ids)])
        var found: [String: TowerRun] = [:]
        for row in rows {
            guard let id = try row.optionalText("run_id"), let name = try row.optionalText("run_name") else {
                continue
            }
            found[try row.text("workflow_id")] = TowerRun(id: id, name: name)
        }
        return found
    }

    private static let runs = Statement(
        "tower runs",
        "SELECT workflow_id, run_id, run_name FROM tower_workflow WHERE workflow_id = ANY ($1::text[])"
    )
    private static let lockedRuns = Statement(
        "locked tower runs",
        runs.sql + " ORDER BY workflow_id FOR UPDATE"
    )

    // MARK: - Calls that wait

    /// Keeps calls until somebody tells their runs; without any there is no statement.
    static func keep(_ messages: [TowerMessage], on connection: Connection) throws {
        guard !messages.isEmpty else { return }
        try connection.execute(
            Statement(
                "keep tower calls",
                """
                INSERT INTO tower_pending (workflow_id, journal_id, seq, received_at, body)
                SELECT * FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::timestamptz[], $5::text[])
                ON CONFLICT DO NOTHING
                """
            ),
            [
                .textArray(messages.map(\.workflowID)), .uuidArray(messages.map(\.journalID)),
                .int64Array(messages.map(\.seq)), .timestampArray(messages.map(\.receivedAt)),
                .textArray(messages.map { String(decoding: $0.text, as: UTF8.self) }),
            ]
        )
    }

    /// How much of what has waited is applied at once: a run may have told of 100,000 tasks before anybody told the run.
    static let pendingBytes = 8 << 20

    /// Takes calls that waited for these ids, `pendingBytes` of them and one call at least, in the order of their lines.
    static func takePending(of ids: Set<String>, on connection: Connection) throws -> [TowerMessage] {
        guard !ids.isEmpty else { return [] }
        let rows = try connection.execute(
            Statement(
                "take tower calls",
                """
                DELETE FROM tower_pending
                WHERE (workflow_id, journal_id, seq) IN (
                    SELECT p.workflow_id, p.journal_id, p.seq
                    FROM (
                        SELECT
                            workflow_id, journal_id, seq,
                            sum(octet_length(body)) OVER (ORDER BY workflow_id, journal_id, seq) - octet_length(body)
                                AS bytes_before
                        FROM tower_pending
                        WHERE workflow_id = ANY ($1::text[])
                    ) p
                    WHERE p.bytes_before < $2
                )
                RETURNING journal_id, seq, received_at, body
                """
            ),
            [.textArray(ids.sorted()), .int(pendingBytes)]
        )
        return try rows.map { row in
            let line = JournalLine(
                seq: try row.int64("seq"),
                at: try row.timestamp("received_at"),
                kind: TowerLine.kind,
                body: Array(try row.text("body").utf8)
            )
            let journal = try row.uuid("journal_id")
            return try TowerMessage(line, journal: journal)
        }.sorted { ($0.journalID, $0.seq) < ($1.journalID, $1.seq) }
    }

    // MARK: - Facts

    /// Keeps images; without any there is no statement.
    static func tellContainers(_ images: [TowerContainer], on connection: Connection) throws {
        guard !images.isEmpty else { return }
        try connection.execute(
            tellContainers,
            [
                .uuidArray(images.map(\.run)), .textArray(images.map(\.requestID)),
                .textArray(images.map { String(decoding: $0.json, as: UTF8.self) }),
                .timestampArray(images.map(\.told)), .uuidArray(images.map(\.digest)),
            ]
        )
    }

    /// Keeps what only Tower's client tells; without any there is no statement.
    static func tellRuns(_ facts: [TowerFacts], on connection: Connection) throws {
        guard !facts.isEmpty else { return }
        func text(_ bytes: ArraySlice<UInt8>?) -> String? {
            bytes.map { String(decoding: $0, as: UTF8.self) }
        }
        try connection.execute(
            tellRuns,
            [
                .uuidArray(facts.map(\.run)), .textArray(facts.map(\.workflowID)),
                .int64Array(facts.map(\.workspaceID)),
                .textArray(facts.map { text($0.progress?.value) }),
                .timestampArray(facts.map(\.progress?.instant)), .uuidArray(facts.map(\.progress?.digest)),
                .textArray(facts.map { text($0.begin?.value.processNames) }),
                .textArray(facts.map { text($0.begin?.value.dag) }),
                .boolArray(facts.map { $0.begin?.value.isLaunched }),
                .timestampArray(facts.map(\.begin?.instant)), .uuidArray(facts.map(\.begin?.digest)),
                .textArray(facts.map(\.configuration?.value)),
                .timestampArray(facts.map(\.configuration?.instant)),
                .uuidArray(facts.map(\.configuration?.digest)),
                .textArray(facts.map { text($0.metrics?.value) }),
                .timestampArray(facts.map(\.metrics?.instant)), .uuidArray(facts.map(\.metrics?.digest)),
            ]
        )
    }
}
