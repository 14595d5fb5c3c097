internal import Core
internal import Ingest
internal import Notifications
internal import Postgres

/// The SQL of the endpoints that read.
struct ExecutionsStore {
    let connection: Connection

    /// A list: its filters and its page.
    struct Listing: Hashable, Sendable {
        var project: String?
        var status: String?
        var page: Int
        var count: Int
    }

    private static let one = Statement(
        "execution",
        "SELECT to_jsonb(e) AS row FROM execution e WHERE uuid = $1"
    )

    func fetch(_ id: UUID128) throws -> Execution? {
        try connection.execute(Self.one, [.uuid(id)]).first.flatMap { Execution(row: try $0.utf8(0)) }
    }

    /// The newest executions first.
    func list(_ listing: Listing) throws -> [Execution] {
        var conditions = SQLConditions()
        conditions.require("project_module", equals: listing.project.map(Parameter.text))
        conditions.require("status", equals: listing.status.map(Parameter.text))
        let limit = conditions.place(.int(listing.count))
        let offset = conditions.place(.int((listing.page - 1) * listing.count))
        // The page is cut by keys, so that rows in front of it are not read.
        let statement = Statement(
            "list executions",
            """
            SELECT to_jsonb(e) AS row
            FROM (
                SELECT uuid, created_at
                FROM execution
                WHERE \(conditions.text)
                ORDER BY created_at DESC, uuid DESC
                LIMIT \(limit)::bigint OFFSET \(offset)::bigint
            ) page
            JOIN execution e USING (uuid)
            ORDER BY page.created_at DESC, page.uuid DESC
            """
        )
        return try connection.execute(statement, conditions.parameters).compactMap {
            Execution(row: try $0.utf8(0))
        }
    }

    /// How many executions a list has, from counts that the loader keeps.
    func count(_ listing: Listing) throws -> Int64 {
        let rows: QueryResult
        switch (listing.project, listing.status) {
        case (nil, nil): rows = try tally("status", LedgerStatus.allCases.map(\.rawValue))
        case (nil, let status?): rows = try tally("status", [status])
        case (let project?, let status):
            let statuses = status.map { [$0] } ?? LedgerStatus.allCases.map(\.rawValue)
            rows = try tally("project", statuses.map { ExecutionTable.projectValue(project, $0) })
        }
        return try rows.first?.int64(0) ?? 0
    }

    private func tally(_ facet: String, _ values: [String]) throws -> QueryResult {
        try connection.execute(
            Statement(
                "count executions",
                """
                SELECT coalesce(sum(count), 0)::bigint
                FROM execution_tally
                WHERE facet = $1 AND value = ANY ($2::text[])
                """
            ),
            [.text(facet), .textArray(values)]
        )
    }

    /// The observations of an execution as JSON, the newest first.
    func observations(_ id: UUID128, limit: Int, offset: Int) throws -> [[UInt8]] {
        try connection.execute(
            Statement(
                "execution observations",
                """
                SELECT to_jsonb(o) AS row
                FROM execution_observation o
                WHERE execution_id = $1
                ORDER BY observed_at DESC, uuid DESC
                LIMIT $2 OFFSET $3
                """
            ),
            [.uuid(id), .int(limit), .int(offset)]
        ).map { try $0.utf8(0) }
    }

    /// The artifacts of an execution as JSON.
    func artifacts(_ id: UUID128) throws -> [[UInt8]] {
        try connection.execute(
            Statement(
                "execution artifacts",
                """
                SELECT to_jsonb(a) AS row
                FROM execution_artifact a
                WHERE execution_id = $1
                ORDER BY created_at, kind COLLATE "C", uuid
                LIMIT 10000
                """
            ),
            [.uuid(id)]
        ).map { try $0.utf8(0) }
    }
}

/// Rows of an execution, in the order of the contract and with `Z` for their times. Contract beampipe §5.2.
enum ExecutionPart {
    static let observation = [
        "uuid", "execution_id", "kind", "normalized_state", "raw_state", "reason", "payload",
        "source_version",
        "observed_at",
    ]
    static let artifact = [
        "uuid", "execution_id", "kind", "storage_kind", "uri", "inline_json", "media_type", "sha256",
        "size_bytes",
        "producer_phase", "metadata", "created_at",
    ]

    static func write(_ row: [UInt8], _ members: [String], to writer: inout JSONWriter) {
        let root = try? JSONDocument(Redaction.masked(row)).root
        writer.object { body in
            for name in members {
                if name.hasSuffix("_at") {
                    body.member(name, root?[name]?.timestamp, offset: .z)
                } else if let value = root?[name] {
                    body.member(name, raw: value.rawBytes)
                } else {
                    body.null(name)
                }
            }
        }
    }

    /// An observation that was just stored.
    static func write(_ seen: ExecutionObservation, of execution: Execution, to writer: inout JSONWriter) {
        writer.object { body in
            body.member("uuid", seen.uuid)
            body.member("execution_id", execution.uuid)
            body.member("kind", seen.kind.rawValue)
            body.member("normalized_state", seen.state)
            body.member("raw_state", seen.rawState.map { Redaction.masked(text: $0) })
            body.member("reason", seen.reason.map { Redaction.masked(text: $0) })
            body.member("payload", raw: Redaction.masked(seen.payload))
            body.member("source_version", seen.sourceVersion)
            body.member("observed_at", seen.observedAt, offset: .z)
        }
    }
}
