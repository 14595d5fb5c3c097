internal import Core
internal import Ingest
internal import Postgres

/// The SQL of the loader.
enum ExecutionsApplyStore {
    private static let names = ExecutionColumn.allCases.map(\.rawValue)

    private static let fetch = Statement(
        "fetch executions",
        """
        SELECT to_jsonb(e) AS row
        FROM execution e
        WHERE e.uuid IN (
            SELECT unnest($1::uuid[])
            UNION
            SELECT k.uuid FROM execution k WHERE k.create_idempotency_key = ANY ($2::text[])
        )
        ORDER BY e.uuid
        FOR UPDATE
        """
    )

    private static let insert = Statement(
        "insert executions",
        """
        INSERT INTO execution (\(names.joined(separator: ", ")))
        SELECT \(names.joined(separator: ", "))
        FROM jsonb_populate_recordset(NULL::execution, $1::jsonb)
        """
    )

    private static let update = Statement(
        "update executions",
        """
        UPDATE execution e
        SET \(names.filter { $0 != "uuid" }.map { "\($0) = s.\($0)" }.joined(separator: ", "))
        FROM jsonb_populate_recordset(NULL::execution, $1::jsonb) s
        WHERE s.uuid = e.uuid
        """
    )

    private static let tally = Statement(
        "tally executions",
        """
        INSERT INTO execution_tally (facet, value, count)
        SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
        ON CONFLICT (facet, value) DO UPDATE SET count = execution_tally.count + excluded.count
        """
    )

    private static let observe = Statement(
        "insert execution observations",
        file: PackageResources.insert_observations_sql
    )
    private static let attach = Statement(
        "insert execution artifacts",
        file: PackageResources.insert_artifacts_sql
    )

    /// Plans must not depend on how small a table was when they were made: executions are looked up by their keys.
    static func prepare(_ connection: Connection) throws {
        try connection.executeScript(
            "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off; SET jit = off"
        )
    }

    /// The executions with these ids and keys, locked until the transaction ends.
    static func fetch(_ ids: [UUID128], keys: [String], on connection: Connection) throws -> [Execution] {
        try connection.execute(fetch, [.uuidArray(ids), .textArray(keys)]).compactMap { row in
            Execution(row: try row.utf8(0))
        }
    }

    /// Writes new and changed executions, and what belongs to them.
    ///
    /// - Returns: false, with nothing written, when another Weir has stored one of the new ones meanwhile.
    static func store(_ table: ExecutionTable, on connection: Connection) throws -> Bool {
        let changed = table.entries.values.filter(\.isChanged)
        let new = changed.filter { $0.stored == nil }.map(\.execution)
        if !new.isEmpty {
            do {
                try connection.savepoint("insert_executions") {
                    _ = try connection.execute(insert, [rows(new)])
                }
            } catch let error as PostgresError where error.sqlState == "23505" {
                return false
            }
        }
        let others = changed.filter { $0.stored != nil }.map(\.execution)
        if !others.isEmpty { try connection.execute(update, [rows(others)]) }
        try insert(table.observations, on: connection)
        try insert(table.artifacts, on: connection)
        let tallies = table.tallies
        if !tallies.isEmpty {
            try connection.execute(
                tally,
                [
                    .textArray(tallies.map(\.tally.facet)), .textArray(tallies.map(\.tally.value)),
                    .int64Array(tallies.map(\.count)),
                ]
            )
        }
        try OutboxStore.insert(table.events, on: connection)
        return true
    }

    private static func rows(_ executions: [Execution]) -> Parameter {
        var writer = JSONWriter(reservingCapacity: 2048 * executions.count)
        writer.array { rows in
            for execution in executions.sorted(by: { $0.uuid < $1.uuid }) {
                rows.object { row in
                    for column in ExecutionColumn.allCases {
                        if let value = execution[column] { row.member(column.rawValue, raw: value) }
                    }
                }
            }
        }
        return .utf8(writer.bytes)
    }

    private static func insert(
        _ observations: [(execution: UUID128, seen: ExecutionObservation)],
        on connection: Connection
    ) throws {
        guard !observations.isEmpty else { return }
        let seen = observations.map(\.seen)
        try connection.execute(
            observe,
            [
                .uuidArray(seen.map(\.uuid)), .uuidArray(observations.map(\.execution)),
                .textArray(seen.map(\.kind.rawValue)), .textArray(seen.map(\.state)),
                .textArray(seen.map(\.rawState)), .textArray(seen.map(\.reason)),
                .textArray(seen.map { String(decoding: $0.payload, as: UTF8.self) }),
                .textArray(seen.map(\.sourceVersion)), .timestampArray(seen.map(\.observedAt)),
            ]
        )
    }

    private static func insert(
        _ artifacts: [(execution: UUID128, at: Timestamp, artifact: ExecutionArtifact)],
        on connection: Connection
    ) throws {
        guard !artifacts.isEmpty else { return }
        let parts = artifacts.map(\.artifact)
        try connection.execute(
            attach,
            [
                .uuidArray(artifacts.map { id(of: $0.artifact, of: $0.execution) }),
                .uuidArray(artifacts.map(\.execution)),
                .textArray(parts.map(\.kind)), .textArray(parts.map(\.storageKind)),
                .textArray(parts.map(\.uri)),
                .textArray(parts.map { $0.inlineJSON.map { String(decoding: $0, as: UTF8.self) } }),
                .textArray(parts.map(\.mediaType)), .textArray(parts.map(\.sha256)),
                .int64Array(parts.map(\.sizeBytes)), .textArray(parts.map(\.producerPhase)),
                .textArray(parts.map { String(decoding: $0.metadata, as: UTF8.self) }),
                .timestampArray(artifacts.map(\.at)),
            ]
        )
    }

    /// The id of an artifact follows from what it is, so that a replay gives it the same one.
    private static func id(of artifact: ExecutionArtifact, of execution: UUID128) -> UUID128 {
        var digest = KeyDigest()
        digest.add(execution)
        digest.add(artifact.kind)
        digest.add(artifact.sha256)
        return digest.finish()
    }
}
