import CLibpq

extension Connection {
    /// Runs one statement, prepared on first use and kept by its text.
    ///
    /// - Throws: `PostgresError`. A text with U+0000 is refused before it is sent (`refusedData`, 22021).
    @discardableResult
    package func execute(
        _ statement: Statement,
        _ parameters: [Parameter] = []
    ) throws(PostgresError) -> QueryResult {
        assertOnQueue()
        let arena = try Self.encode(parameters, statement.name)
        let (name, wasCached) = try prepare(statement)
        do throws(PostgresError) {
            return try take(run(name, arena), statement.name)
        } catch {
            guard wasCached, error.isStalePlan else { throw error }
            return try executeAfterStalePlan(statement, arena, error)
        }
    }

    /// Runs SQL that varies too much for a prepared plan.
    @discardableResult
    package func executeOnce(
        _ statement: Statement,
        _ parameters: [Parameter] = []
    ) throws(PostgresError) -> QueryResult {
        assertOnQueue()
        let arena = try Self.encode(parameters, statement.name)
        let result = arena.withPointers { values, count in
            PQexecParams(raw, statement.sql, count, nil, values, nil, nil, 0)
        }
        return try take(result, statement.name)
    }

    /// Runs any number of statements without parameters in the simple protocol; they are one transaction unless they
    /// contain transaction commands. Returns the last one's result.
    @discardableResult
    package func executeScript(_ sql: String) throws(PostgresError) -> QueryResult {
        try executeScript(sql, context: Statement.firstWords(of: sql))
    }

    @discardableResult
    func executeScript(_ sql: String, context: String) throws(PostgresError) -> QueryResult {
        assertOnQueue()
        return try take(PQexec(raw, sql), context)
    }

    // MARK: - Steps

    static func encode(_ parameters: [Parameter], _ context: String) throws(PostgresError) -> CStringArena {
        var arena = CStringArena()
        for parameter in parameters {
            parameter.append(to: &arena)
            if parameter.mayHoldNUL, arena.lastHasEmbeddedNUL {
                throw PostgresError(
                    kind: .refusedData,
                    sqlState: "22021",
                    message: "parameter $\(arena.count) holds U+0000, which PostgreSQL can not store",
                    context: context
                )
            }
        }
        return arena
    }

    /// The name under which the statement is prepared on the server, now if not before.
    func prepare(_ statement: Statement) throws(PostgresError) -> (name: String, wasCached: Bool) {
        if let name = statements.name(for: statement.sql) { return (name, true) }
        if PQtransactionStatus(raw) != PQTRANS_INERROR, let evicted = statements.evict() {
            try executeScript("DEALLOCATE \(evicted)", context: statement.name)
        }
        let name = statements.makeName()
        _ = try take(PQprepare(raw, name, statement.sql, 0, nil), statement.name)
        statements.insert(statement.sql, name: name)
        return (name, false)
    }

    private func run(_ name: String, _ arena: CStringArena) -> OpaquePointer? {
        arena.withPointers { values, count in
            PQexecPrepared(raw, name, count, values, nil, nil, 0)
        }
    }

    /// The schema changed under a prepared plan. Outside a transaction the statement is simply run again; inside, the
    /// transaction is lost, and a retry gets a fresh plan.
    private func executeAfterStalePlan(
        _ statement: Statement,
        _ arena: CStringArena,
        _ error: PostgresError
    ) throws(PostgresError) -> QueryResult {
        statements.remove(statement.sql)
        guard PQtransactionStatus(raw) == PQTRANS_IDLE else {
            var error = error
            error.kind = .transient
            throw error
        }
        let (name, _) = try prepare(statement)
        return try take(run(name, arena), statement.name)
    }

    /// Copies a result and clears it, or throws its error.
    func take(_ result: OpaquePointer?, _ context: String) throws(PostgresError) -> QueryResult {
        guard let result else { throw connectionFailure(context) }
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE, PGRES_EMPTY_QUERY:
            return QueryResult(copying: result)
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            // The session would wait for data that never comes.
            failed = true
            throw PostgresError(
                kind: .programming,
                message: "COPY is for copyIn and copyOut",
                context: context
            )
        default:
            throw failure(of: result, context)
        }
    }

    func failure(of result: OpaquePointer, _ context: String) -> PostgresError {
        func field(_ code: Unicode.Scalar) -> String? {
            PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) }
        }
        guard let sqlState = field("C") else {
            return connectionFailure(context, PQresultErrorMessage(result))
        }
        if Self.isEndOfSession(sqlState) || PQstatus(raw) != CONNECTION_OK { failed = true }
        return PostgresError(
            kind: PostgresError.Kind(sqlState: sqlState),
            sqlState: sqlState,
            message: field("M") ?? "",
            detail: field("D"),
            context: context
        )
    }

    /// libpq's own error, without one from the server: the connection is gone, or a call was made out of order.
    func connectionFailure(_ context: String, _ message: UnsafePointer<CChar>? = nil) -> PostgresError {
        let isGone = PQstatus(raw) != CONNECTION_OK
        if isGone { failed = true }
        let text = (message ?? UnsafePointer(PQerrorMessage(raw))).map { String(cString: $0) } ?? ""
        return PostgresError(
            kind: isGone ? .unreachable : .programming,
            message: String(text.prefix { $0 != "\n" }),
            context: context
        )
    }

    /// After these the server closes the session (08: connection exception; 57P0x: shutdown or crash).
    private static func isEndOfSession(_ sqlState: String) -> Bool {
        sqlState.hasPrefix("08") || sqlState.hasPrefix("57P")
    }
}

extension PostgresError {
    /// `cached plan must not change result type`, or a prepared statement that is gone.
    fileprivate var isStalePlan: Bool { sqlState == "0A000" || sqlState == "26000" }
}
