import CLibpq

/// How a transaction runs.
package struct TransactionOptions: Hashable, Sendable {
    /// The isolation levels of PostgreSQL.
    package enum Isolation: String, Hashable, Sendable {
        case readCommitted = "READ COMMITTED"
        case repeatableRead = "REPEATABLE READ"
        case serializable = "SERIALIZABLE"
    }

    package var isolation: Isolation
    package var isReadOnly: Bool
    /// Whether a statement has one plan for all parameters: over many partitions, PostgreSQL makes a plan for longer
    /// than it takes to run it.
    package var reusesPlans: Bool

    /// By default, read committed, and writing if the server allows it.
    package init(
        isolation: Isolation = .readCommitted,
        isReadOnly: Bool = false,
        reusesPlans: Bool = false
    ) {
        self.isolation = isolation
        self.isReadOnly = isReadOnly
        self.reusesPlans = reusesPlans
    }

    /// Never READ WRITE: it would override an operator's `default_transaction_read_only`, and a standby refuses it as
    /// an unknown feature instead of as a temporary state (25006).
    fileprivate var begin: String {
        "BEGIN ISOLATION LEVEL \(isolation.rawValue)\(isReadOnly ? " READ ONLY" : "")"
            + (reusesPlans ? "; SET LOCAL plan_cache_mode = force_generic_plan" : "")
    }
}

extension Connection {
    /// Runs `body` in a transaction: commits when it returns, rolls back when it throws.
    ///
    /// When the connection is lost during `COMMIT`, the error does not say whether the server committed: the caller has
    /// to look for its own rows. Transactions do not nest; use `savepoint`.
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

    /// Runs `body` after a savepoint: keeps its changes when it returns, undoes them when it throws. The transaction
    /// continues.
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
            // The next user must not get a session that is still inside a transaction.
            failed = true
        }
    }
}
