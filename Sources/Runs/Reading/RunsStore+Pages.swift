internal import Core
internal import Ingest
internal import Postgres

// Pages of runs. The size of a run is up to its sender, and PostgreSQL compresses large ones: the size of a page is
// known only while it is read.
extension RunsStore {
    /// Reads a page run by run, the newest first, for as long as `body` returns true; at most one run more than the
    /// query's limit.
    ///
    /// Runs of usual size are read at once, up to `bytes` of them. Larger ones, and those whose size PostgreSQL does
    /// not know, follow one by one.
    func forEach(_ query: RunListQuery, bytes: Int, _ body: (StoredRun) throws -> Bool) throws {
        let rows = try fetchPage(query, inlineBytes: bytes / query.limit)
        var next = rows.startIndex
        func passSmallRuns() throws -> Bool {
            while next < rows.endIndex, try rows[next].isNull(Self.keyColumn) {
                let place = query.wantsTrace ? Self.traceColumn : nil
                guard try body(StoredRun(rows[next], traceAt: place)) else { return false }
                next += 1
            }
            return true
        }
        guard try passSmallRuns(), next < rows.endIndex else { return }
        let keys = try rows.compactMap { try $0.optionalUUID(Self.keyColumn) }
        try connection.forEachRow(of: Self.largeRuns, [.uuidArray(keys)]) { row in
            next += 1
            // It may have been deleted meanwhile.
            if try !row.isNull(0), try !body(StoredRun(row, traceAt: 6)) { return false }
            return try passSmallRuns()
        }
    }

    private static let keyColumn: Row.Column = 6
    /// Where the context begins, if it is read.
    private static let traceColumn = 7

    private static let largeRuns = Statement(
        "large runs",
        """
        SELECT \(columns), \(RunTraceStore.columns)
        FROM unnest($1::uuid[]) WITH ORDINALITY AS k (event_key, place)
        LEFT JOIN agent_run r USING (event_key)
        LEFT JOIN agent_run_trace t USING (event_key)
        ORDER BY k.place
        """
    )

    /// The columns of a page: of a run that is not small, the key instead of its document. A column's value is never
    /// larger than the document.
    private static func pageColumns(_ inlineBytes: String) -> String {
        let isSmall =
            "pg_column_size(r.document) <= \(inlineBytes)::int AND pg_column_compression(r.document) IS NULL"
        func bounded(_ column: String) -> String {
            "CASE WHEN octet_length(r.\(column)) <= \(inlineBytes)::int THEN r.\(column) END"
        }
        return """
            r.id, CASE WHEN \(isSmall) THEN r.document END, \(bounded("git_repo")),
            \(bounded("git_commit_hash")), r.created_order, \(bounded("created_at")),
            CASE WHEN \(isSmall) THEN NULL ELSE r.event_key END
            """
    }

    private func fetchPage(_ query: RunListQuery, inlineBytes: Int) throws -> QueryResult {
        var conditions = SQLConditions()
        Self.require(query, &conditions)
        let (limit, offset) = (Int64(query.limit) + 1, query.offset)
        let columns =
            Self.pageColumns(conditions.place(.int(inlineBytes)))
            + (query.wantsTrace ? ", \(RunTraceStore.values)" : "")
        let sql: String
        if query.created.isEmpty {
            let page = "LIMIT \(conditions.place(.int64(limit))) OFFSET \(conditions.place(.int64(offset)))"
            sql = """
                SELECT \(columns) FROM agent_run r
                WHERE \(conditions.text)
                ORDER BY \(Self.order) \(page)
                """
        } else {
            sql = Self.branches(query, columns, limit, offset, &conditions)
        }
        let statement = Statement("list runs", sql)
        guard !query.isUnfiltered, query.started.isEmpty else {
            return try connection.execute(statement, conditions.parameters)
        }
        return try connection.transaction(TransactionOptions(isReadOnly: true)) {
            try connection.execute(Self.inOrder)
            return try connection.execute(statement, conditions.parameters)
        }
    }

    /// A page reads the start of an index in the order of the list; a bitmap scan would collect all its rows first.
    /// Only a bound of `start_time` needs one: its index can't do without.
    private static let inOrder = Statement(
        "plan lists",
        """
        SELECT
            set_config('enable_bitmapscan', 'off', true),
            set_config('enable_seqscan', 'off', true),
            set_config('jit', 'off', true)
        """
    )

    /// Runs whose creation is an instant, and the few for which it is only a text, each by an index of its own.
    private static func branches(
        _ query: RunListQuery,
        _ columns: String,
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
            """
            (
                SELECT
                    r.id, r.event_key, r.document, r.git_repo, r.git_commit_hash, r.created_order, r.created_at
                FROM agent_run r
                WHERE \(common) AND \(condition) ORDER BY \(order) LIMIT \(reach)
            )
            """
        }
        return """
            SELECT \(columns) FROM (\(branch(times)) UNION ALL \(branch(texts))) AS r
            ORDER BY \(order) \(page)
            """
    }
}
