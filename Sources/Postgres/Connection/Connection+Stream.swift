import CLibpq

extension Connection {
    /// Passes a statement's rows to `body` in chunks of at most `chunkSize`, so that memory stays bounded.
    ///
    /// An error of `body` cancels the statement and is rethrown; the connection stays usable, but a surrounding
    /// transaction is lost. An error of the server may come after some chunks. - Throws: what `body` throws, or
    /// `PostgresError`.
    package func stream(
        _ statement: Statement,
        _ parameters: [Parameter] = [],
        chunkSize: Int = 1000,
        _ body: (QueryResult) throws -> Void
    ) throws {
        assertOnQueue()
        try startStream(statement, Self.encode(parameters, statement.name))
        var chunk: QueryResult?
        var failure: (any Error)?
        var rest = StreamRest()
        while let result = PQgetResult(raw) {
            defer { PQclear(result) }
            guard failure == nil else {
                if rest.isLong(raw) { cancelHandle.cancel() }
                continue
            }
            do {
                try collect(result, statement, chunkSize, &chunk, body)
            } catch {
                failure = error
                if isBroken { break }
                if rest.isLong(raw) { cancelHandle.cancel() }
            }
        }
        if let failure { throw failure }
        if let chunk { try body(chunk) }
    }

    /// Passes a statement's rows to `body` one by one as long as it returns true, so that only one is in memory.
    ///
    /// Ending early cancels the statement; the connection stays usable, and so does a surrounding transaction.
    /// - Throws: what `body` throws, or `PostgresError`.
    package func forEachRow(
        of statement: Statement,
        _ parameters: [Parameter] = [],
        _ body: (Row) throws -> Bool
    ) throws {
        func run() throws {
            try stream(statement, parameters, chunkSize: 1) { chunk in
                for row in chunk where try !body(row) { throw EnoughRows() }
            }
        }
        do {
            if isInTransaction { try savepoint("rows", run) } else { try run() }
        } catch is EnoughRows {}
    }

    private struct EnoughRows: Error {}

    /// Ends a statement whose remaining rows are not needed. Cancelling needs a separate connection, so a statement
    /// that has already ended is read to its end instead.
    private struct StreamRest {
        private var results = 0
        private var isCancelled = false

        /// Whether more rows are to come than a few that have already arrived; true once at most.
        mutating func isLong(_ raw: OpaquePointer) -> Bool {
            results += 1
            guard !isCancelled, PQisBusy(raw) == 1 || results > 10 else { return false }
            isCancelled = true
            return true
        }
    }

    private func startStream(_ statement: Statement, _ arena: CStringArena) throws(PostgresError) {
        let isSent = arena.withPointers { values, count in
            PQsendQueryParams(raw, statement.sql, count, nil, values, nil, nil, 0)
        }
        guard isSent == 1, PQsetSingleRowMode(raw) == 1 else { throw connectionFailure(statement.name) }
    }

    private func collect(
        _ result: OpaquePointer,
        _ statement: Statement,
        _ chunkSize: Int,
        _ chunk: inout QueryResult?,
        _ body: (QueryResult) throws -> Void
    ) throws {
        switch PQresultStatus(result) {
        case PGRES_SINGLE_TUPLE:
            if chunk == nil {
                chunk = QueryResult(copying: result)
            } else {
                chunk?.append(rowsOf: result)
            }
            if let full = chunk, full.count >= chunkSize {
                chunk = nil
                try body(full)
            }
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: break
        default: throw failure(of: result, statement.name)
        }
    }
}
