internal import Core
internal import Ingest
internal import Postgres

/// The SQL that answers about runs.
struct RunsStore {
    let connection: Connection

    /// What an answer is made from.
    struct StoredRun {
        let id: Int64
        let document: [UInt8]
        let gitRepo: String?
        let gitCommitHash: String?
        let createdOrder: Timestamp
        let createdAt: String

        fileprivate init(_ row: Row) throws {
            id = try row.int64(0)
            document = try row.utf8(1)
            gitRepo = try row.optionalText(2)
            gitCommitHash = try row.optionalText(3)
            createdOrder = try row.timestamp(4)
            createdAt = try row.text(5)
        }

        var cursor: RunListQuery.Cursor {
            RunListQuery.Cursor(createdOrder: createdOrder, createdAt: createdAt, id: id)
        }
    }

    private static let columns =
        "r.id, r.document, r.git_repo, r.git_commit_hash, r.created_order, r.created_at"
    /// How much of a value `index_prefix` keeps, in characters.
    private static let prefixLength = 200
    private static let order = "r.created_order DESC, r.created_at DESC, r.id"

    // MARK: - Runs

    private static let one = Statement(
        "run",
        "SELECT \(columns) FROM agent_run r WHERE r.event_key = $1"
    )

    /// One run; nil when there is none.
    func fetchOne(_ eventID: String) throws -> StoredRun? {
        try connection.execute(Self.one, [.uuid(RunKeys.run(eventID))]).first.map(StoredRun.init)
    }

    /// A page of runs, the newest first; one more than the limit when there are more.
    func fetchAll(_ query: RunListQuery) throws -> [StoredRun] {
        var conditions = SQLConditions()
        Self.require(query, &conditions)
        let (limit, offset) = (Int64(query.limit) + 1, query.offset)
        let sql: String
        if query.created.isEmpty {
            let page = "LIMIT \(conditions.place(.int64(limit))) OFFSET \(conditions.place(.int64(offset)))"
            sql = """
                SELECT \(Self.columns) FROM agent_run r
                WHERE \(conditions.text)
                ORDER BY \(Self.order) \(page)
                """
        } else {
            sql = Self.branches(query, limit, offset, &conditions)
        }
        let statement = Statement("list runs", sql)
        guard !query.isUnfiltered, query.started.isEmpty else {
            return try connection.execute(statement, conditions.parameters).map(StoredRun.init)
        }
        return try connection.transaction(TransactionOptions(isReadOnly: true)) {
            try connection.execute(Self.inOrder)
            return try connection.execute(statement, conditions.parameters).map(StoredRun.init)
        }
    }

    /// A page is the beginning of an index that has the order of the list; a bitmap would collect all its rows first. A
    /// bound of `start_time` needs one: its index can't do without.
    private static let inOrder = Statement(
        "plan lists",
        """
        SELECT
            set_config('enable_bitmapscan', 'off', true),
            set_config('enable_seqscan', 'off', true),
            set_config('jit', 'off', true)
        """
    )

    /// How many runs a list has in all.
    func count(_ query: RunListQuery) throws -> Int64 {
        if query.isUnfiltered { return try counts("agent_name").reduce(0) { $0 + $1.runs } }
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

    /// Runs whose creation is an instant, and those few of which it is only a text, each by an index of its own.
    private static func branches(
        _ query: RunListQuery,
        _ limit: Int64,
        _ offset: Int64,
        _ conditions: inout SQLConditions
    ) -> String {
        let common = conditions.text
        let (times, texts) = (times(query, &conditions), texts(query, &conditions))
        let (sum, isBeyond) = limit.addingReportingOverflow(offset)
        let reach = conditions.place(.int64(isBeyond ? .max : sum))
        let page = "LIMIT \(conditions.place(.int64(limit))) OFFSET \(conditions.place(.int64(offset)))"
        func branch(_ condition: String) -> String {
            "(SELECT \(columns) FROM agent_run r WHERE \(common) AND \(condition) ORDER BY \(order) LIMIT \(reach))"
        }
        return """
            SELECT * FROM (\(branch(times)) UNION ALL \(branch(texts))) AS r
            ORDER BY \(order) \(page)
            """
    }

    private static func times(_ query: RunListQuery, _ conditions: inout SQLConditions) -> String {
        let bounds = query.created.map { bound in
            "r.created_order \(bound.comparison) \(conditions.place(.timestamp(bound.instant)))"
        }
        return (["r.created_is_time"] + bounds).joined(separator: " AND ")
    }

    private static func texts(_ query: RunListQuery, _ conditions: inout SQLConditions) -> String {
        let bounds = query.created.map { bound in
            "r.created_at \(bound.comparison) \(conditions.place(.text(bound.text)))"
        }
        return (["NOT r.created_is_time"] + bounds).joined(separator: " AND ")
    }

    private static func require(
        _ query: RunListQuery,
        isPage: Bool = true,
        _ conditions: inout SQLConditions
    ) {
        for equality in query.equalities {
            let value = conditions.place(.text(equality.value))
            conditions.require("index_prefix(r.\(equality.column)) = index_prefix(\(value)::text)")
            // The index holds beginnings: only of a long value one tells less than the whole. A condition more than
            // needed makes the planner expect far too few rows.
            if equality.value.unicodeScalars.count >= prefixLength {
                conditions.require("r.\(equality.column) = \(value)")
            }
        }
        if let status = query.status {
            // Spelt out for the partial index, which knows words and no parameters.
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

    private static let facet = Statement(
        "runs by facet",
        """
        SELECT value, runs
        FROM agent_run_tally
        WHERE facet = $1 AND runs > 0
        ORDER BY runs DESC, value
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

    /// How many runs there are of each agent (`agent_name`) or job type (`job_type`), the most first.
    func counts(_ facet: String) throws -> [(value: String, runs: Int64)] {
        try connection.execute(Self.facet, [.text(facet)]).map { (try $0.text(0), try $0.int64(1)) }
    }

    /// How many runs were created after a moment not long ago: those of the hours that began since are counted already.
    func countCreated(after moment: Timestamp) throws -> Int64 {
        let hour: Int64 = 3_600_000_000
        let next = Timestamp(microseconds: (moment.microseconds / hour + 1) * hour)
        let parameters: [Parameter] = [.timestamp(moment), .timestamp(next), .text(RunCounts.hour(of: next))]
        return try connection.execute(Self.recent, parameters).first?.int64(0) ?? 0
    }
}
