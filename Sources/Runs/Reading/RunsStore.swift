internal import Core
internal import Ingest
internal import OpenTelemetry
internal import Postgres

/// The SQL of reads of runs.
struct RunsStore {
    let connection: Connection

    /// The columns for a response.
    struct StoredRun {
        let id: Int64
        let document: [UInt8]
        let gitRepo: String?
        let gitCommitHash: String?
        let createdOrder: Timestamp
        let createdAt: String
        /// The trace context that came with it, where that was read.
        let sent: TraceContext?

        /// The first six columns of a row; and two more from `place` on, where there are some.
        init(_ row: Row, traceAt place: Int? = nil) throws {
            id = try row.int64(0)
            document = try row.utf8(1)
            gitRepo = try row.optionalText(2)
            gitCommitHash = try row.optionalText(3)
            createdOrder = try row.timestamp(4)
            createdAt = try row.text(5)
            sent = try place.flatMap { try RunTraceStore.context(row, at: $0) }
        }

        /// The trace of the run.
        var trace: RunTrace {
            let record = try? JSONDocument(document, recordedDepth: 1).root
            return RunTrace(eventID: record?[RunField.eventID.name]?.string ?? "", sent: sent)
        }

        var cursor: RunListQuery.Cursor {
            RunListQuery.Cursor(createdOrder: createdOrder, createdAt: createdAt, id: id)
        }
    }

    static let columns =
        "r.id, r.document, r.git_repo, r.git_commit_hash, r.created_order, r.created_at"
    /// The number of characters that `index_prefix` keeps.
    private static let prefixLength = 200
    static let order = "r.created_order DESC, r.created_at DESC, r.id"

    // MARK: - Runs

    private static let one = Statement(
        "run",
        """
        SELECT \(columns), \(RunTraceStore.columns)
        FROM agent_run r LEFT JOIN agent_run_trace t USING (event_key)
        WHERE r.event_key = $1
        """
    )

    /// One run; nil when there is none.
    func fetchOne(_ eventID: String) throws -> StoredRun? {
        try connection.execute(Self.one, [.uuid(RunKeys.run(eventID))]).first.map {
            try StoredRun($0, traceAt: 6)
        }
    }

    /// The number of runs of a whole list.
    func count(_ query: RunListQuery) throws -> Int64 {
        if query.isUnfiltered { return try totals("agent_name").runs }
        var conditions = SQLConditions()
        Self.require(query, isPage: false, &conditions)
        if !query.created.isEmpty {
            let times = Self.times(query, &conditions)
            let texts = Self.texts(query, &conditions)
            conditions.require("(\(times)) OR (\(texts))")
        }
        let sql = "SELECT count(*) FROM agent_run r WHERE \(conditions.text)"
        return try connection.execute(Statement("count runs", sql), conditions.parameters).first?.int64(0)
            ?? 0
    }

    static func times(_ query: RunListQuery, _ conditions: inout SQLConditions) -> String {
        let bounds = query.created.map { bound in
            "r.created_order \(bound.comparison) \(conditions.place(.timestamp(bound.instant)))"
        }
        return (["r.created_is_time"] + bounds).joined(separator: " AND ")
    }

    static func texts(_ query: RunListQuery, _ conditions: inout SQLConditions) -> String {
        let bounds = query.created.map { bound in
            "r.created_at \(bound.comparison) \(conditions.place(.text(bound.text)))"
        }
        return (["NOT r.created_is_time"] + bounds).joined(separator: " AND ")
    }

    static func require(
        _ query: RunListQuery,
        isPage: Bool = true,
        _ conditions: inout SQLConditions
    ) {
        for equality in query.equalities {
            let value = conditions.place(.text(equality.value))
            conditions.require("index_prefix(r.\(equality.column)) = index_prefix(\(value)::text)")
            // The index holds prefixes: only a long value has to be compared as a whole. An unneeded condition would
            // make the planner expect far too few rows.
            if equality.value.unicodeScalars.count >= prefixLength {
                conditions.require("r.\(equality.column) = \(value)")
            }
        }
        if let status = query.status {
            // Written as a literal for the partial index, which does not match parameters.
            conditions.require("r.status = '\(status.rawValue)'")
        }
        if let isPosted = query.isPosted {
            conditions.require(isPosted ? "r.api_posted" : "NOT r.api_posted")
        }
        for bound in query.started {
            let instant = conditions.place(.timestamp(bound.instant))
            let text = conditions.place(.text(bound.text))
            conditions.require(
                """
                r.start_instant \(bound.comparison) \(instant)
                OR (r.start_instant IS NULL AND r.start_time \(bound.comparison) \(text))
                """
            )
        }
        if isPage, let cursor = query.cursor { require(cursor, &conditions) }
    }

    private static func require(_ cursor: RunListQuery.Cursor, _ conditions: inout SQLConditions) {
        let order = conditions.place(.timestamp(cursor.createdOrder))
        let text = conditions.place(.text(cursor.createdAt))
        let id = conditions.place(.int64(cursor.id))
        conditions.require("r.created_order <= \(order)")
        conditions.require(
            """
            r.created_order < \(order) OR r.created_at < \(text)
            OR (r.created_at = \(text) AND r.id > \(id))
            """
        )
    }

    // MARK: - Counts

    /// The names with the most runs, as long as together they are not too long. A single name that takes a large part
    /// of that is left out, so that it hides no others.
    private static let facet = Statement("runs by facet", file: PackageResources.runs_by_facet_sql)

    private static let facetTotals = Statement(
        "facet totals",
        """
        SELECT count(*), coalesce(sum(runs), 0)::bigint
        FROM agent_run_tally
        WHERE facet = $1 AND runs > 0
        """
    )

    private static let recent = Statement(
        "recent runs",
        """
        SELECT
            (SELECT count(*) FROM agent_run WHERE created_order > $1 AND created_order < $2)
            + (
                SELECT coalesce(sum(runs), 0)::bigint
                FROM agent_run_tally
                WHERE facet = 'created_hour' AND value >= $3
            )
        """
    )

    /// The number of runs of each agent (`agent_name`) or job type (`job_type`), the most first: as many names as fit
    /// into `bytes`.
    func counts(_ facet: String, bytes: Int) throws -> [(value: String, runs: Int64)] {
        try connection.execute(Self.facet, [.text(facet), .int(bytes)]).map {
            (try $0.text(0), try $0.int64(1))
        }
    }

    /// The number of names of a kind, and the number of runs with one.
    func totals(_ facet: String) throws -> (names: Int64, runs: Int64) {
        guard let row = try connection.execute(Self.facetTotals, [.text(facet)]).first else { return (0, 0) }
        return (try row.int64(0), try row.int64(1))
    }

    /// The number of runs created after a recent moment: the hours that began since then are counted already.
    func countCreated(after moment: Timestamp) throws -> Int64 {
        let hour: Int64 = 3_600_000_000
        let next = Timestamp(microseconds: (moment.microseconds / hour + 1) * hour)
        let parameters: [Parameter] = [.timestamp(moment), .timestamp(next), .text(RunCounts.hour(of: next))]
        return try connection.execute(Self.recent, parameters).first?.int64(0) ?? 0
    }
}
