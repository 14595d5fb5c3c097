import CLibpq

/// How a transaction runs.
package struct TransactionOptions: Hashable, Sendable {
    /// The isolation levels PostgreSQL tells apart.
    package enum Isolation: String, Hashable, Sendable {
        case readCommitted = "READ COMMITTED"
        case repeatableRead = "REPEATABLE READ"
        case serializable = "SERIALIZABLE"
    }

    package var isolation: Isolation
    package var isReadOnly: Bool

    /// Read committed and, as far as the server lets the session, writing; unless told otherwise.
    package init(isolation: Isolation = .readCommitted, isReadOnly: Bool = false) {
        self.isolation = isolation
        self.isReadOnly = isReadOnly
    }

    /// Never READ WRITE: it would overrule an operator's `default_transaction_read_only`, and a standby refuses it as
    /// an unknown feature instead of as something that may change (25006).
    fileprivate var begin: String {
        "BEGIN ISOLATION LEVEL \(isolation.rawValue)\(isReadOnly ? " READ ONLY" : "")"
    }
}

extension Connection {
    /// Runs `body` in a transaction: commits what it leaves, rolls back what it throws.
    ///
    /// When the connection is lost during `COMMIT`, the error does not tell whether the server still committed:
    /// the caller looks for its own traces. Transactions do not nest; use `savepoint`.
    /// - Throws: what `body` throws, or a `PostgresError` from `BEGIN` or `COMMIT`.
    package func transaction<Value>(
        _ options: TransactionOptions = TransactionOptions(),
        _ body: () throws -> Value
    ) throws -> Value {
        assertOnQueue()
        precondition(!isInTransaction, "BUG: a transaction inside a transaction; use savepoint")
        try executeScript(options.begin, context: "BEGIN")
        isInTransaction = true
        defer { isInTransaction = false }
        let value: Value
        do {
            value = try body()
        } catch {
            rollBack()
            throw error
        }
        try commit()
        return value
    }

    /// Runs `body` after a savepoint: keeps what it leaves, undoes what it throws. The transaction goes on.
    /// - Throws: what `body` throws, or a `PostgresError`.
    package func savepoint<Value>(_ name: String, _ body: () throws -> Value) throws -> Value {
        precondition(isInTransaction, "BUG: a savepoint outside a transaction")
        let quoted = Identifier.quoted(name)
        try executeScript("SAVEPOINT \(quoted)", context: "SAVEPOINT")
        let value: Value
        do {
            value = try body()
        } catch {
            // A failure here leaves the transaction aborted, which COMMIT then reports.
            _ = try? executeScript("ROLLBACK TO \(quoted); RELEASE \(quoted)", context: "ROLLBACK TO")
            throw error
        }
        try executeScript("RELEASE \(quoted)", context: "RELEASE")
        return value
    }

    private func commit() throws(PostgresError) {
        let result: QueryResult
        do throws(PostgresError) {
            result = try executeScript("COMMIT", context: "COMMIT")
        } catch {
            rollBack()
            throw error
        }
        // COMMIT of an aborted transaction succeeds by rolling it back.
        guard result.commandTag == "COMMIT" else {
            throw PostgresError(
                kind: .programming,
                sqlState: "25P02",
                message: "the transaction was rolled back: an error inside it was not passed on",
                context: "COMMIT"
            )
        }
    }

    private func rollBack() {
        guard !isBroken, PQtransactionStatus(raw) != PQTRANS_IDLE else { return }
        do throws(PostgresError) {
            try executeScript("ROLLBACK", context: "ROLLBACK")
        } catch {
            // Nobody may get a session that is still inside a transaction.
            failed = true
        }
    }
}
