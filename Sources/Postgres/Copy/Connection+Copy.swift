import CLibpq

extension Connection {
    /// Sends rows with `COPY table (columns) FROM STDIN (FORMAT binary)`; returns how many were stored.
    ///
    /// `rows` picks some of the buffer's rows, all by default. A refused value fails the whole command and leaves
    /// the connection usable.
    /// - Throws: `PostgresError`.
    @discardableResult
    package func copyIn(
        _ statement: Statement,
        _ buffer: BinaryCopyBuffer,
        rows: Range<Int>? = nil
    ) throws(PostgresError) -> Int {
        try beginCopy(statement, PGRES_COPY_IN)
        var isSent = send(BinaryCopyBuffer.header[...])
        var rest = buffer.bytes[buffer.byteRange(rows: rows ?? 0..<buffer.rowCount)]
        while isSent, !rest.isEmpty {
            isSent = send(rest.prefix(Self.copyChunk))
            rest = rest.dropFirst(Self.copyChunk)
        }
        isSent = isSent && send(BinaryCopyBuffer.trailer[...])
        return try endCopyIn(statement, isSent: isSent)
    }

    /// Sends the text that `produce` returns, in the format of the COPY statement; nil ends it.
    ///
    /// An error of `produce` ends the command without storing anything, and is rethrown.
    @discardableResult
    package func copyIn(
        _ statement: Statement,
        text produce: () throws -> [UInt8]?
    ) throws -> Int {
        try beginCopy(statement, PGRES_COPY_IN)
        var isSent = true
        do {
            while isSent, let chunk = try produce() {
                isSent = send(chunk[...])
            }
        } catch {
            PQputCopyEnd(raw, "stopped by the sender")
            _ = try? finishCopy(statement)
            throw error
        }
        return try endCopyIn(statement, isSent: isSent)
    }

    /// Passes the output of a `COPY … TO STDOUT` to `body`, row by row, in the format of the statement.
    ///
    /// An error of `body` cancels the command and is rethrown; the connection stays usable.
    package func copyOut(
        _ statement: Statement,
        _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        try beginCopy(statement, PGRES_COPY_OUT)
        var failure: (any Error)?
        while true {
            var line: UnsafeMutablePointer<CChar>?
            let length = PQgetCopyData(raw, &line, 0)
            guard length > 0, let line else { break }
            defer { PQfreemem(line) }
            guard failure == nil else { continue }
            do {
                try body(UnsafeRawBufferPointer(start: line, count: Int(length)))
            } catch {
                failure = error
                cancelHandle.cancel()
            }
        }
        if let failure {
            // The requested cancellation is the expected end here.
            _ = try? finishCopy(statement)
            throw failure
        }
        try finishCopy(statement)
    }

    // MARK: - Steps

    /// Large enough to make the calls rare, small enough not to double a big buffer inside libpq.
    private static let copyChunk = 256 * 1024

    private func beginCopy(
        _ statement: Statement,
        _ expected: ExecStatusType
    ) throws(PostgresError) {
        assertOnQueue()
        let result = PQexec(raw, statement.sql)
        if PQresultStatus(result) == expected {
            PQclear(result)
            return
        }
        _ = try take(result, statement.name)
        throw PostgresError(
            kind: .programming,
            message: "the statement is not the COPY expected",
            context: statement.name
        )
    }

    private func send(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress, buffer.count > 0 else { return true }
            return PQputCopyData(raw, base.assumingMemoryBound(to: CChar.self), Int32(buffer.count)) == 1
        }
    }

    private func endCopyIn(_ statement: Statement, isSent: Bool) throws(PostgresError) -> Int {
        let isEnded = isSent && PQputCopyEnd(raw, nil) == 1
        let result = try finishCopy(statement)
        guard isEnded else { throw connectionFailure(statement.name) }
        return result?.affectedRows ?? 0
    }

    /// Reads results until there are none; only then is the connection usable again.
    @discardableResult
    private func finishCopy(_ statement: Statement) throws(PostgresError) -> QueryResult? {
        var last: QueryResult?
        var failure: PostgresError?
        while let result = PQgetResult(raw) {
            do throws(PostgresError) {
                last = try take(result, statement.name)
            } catch {
                failure = failure ?? error
                if isBroken { break }
            }
        }
        if let failure { throw failure }
        return last
    }
}
