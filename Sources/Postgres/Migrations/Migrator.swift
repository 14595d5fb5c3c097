/// Brings a database's schema up to date, forward only, one process at a time.
package struct Migrator: Sendable {
    private let migrations: [Migration]
    private let beforeCommit: @Sendable () -> Void

    /// An arbitrary constant that must not change: "weir" in ASCII, and the purpose.
    private static let lockKeys = "1466264946, 1"

    /// Takes the steps that this binary knows, in any order. Two with the same number are a bug. `beforeCommit` is
    /// called before a step's COMMIT.
    package init(_ migrations: [Migration], beforeCommit: @escaping @Sendable () -> Void = {}) {
        self.beforeCommit = beforeCommit
        self.migrations = migrations.sorted { $0.version < $1.version }
        precondition(
            Set(migrations.map(\.version)).count == migrations.count,
            "BUG: two migrations with one number"
        )
    }

    /// Applies missing steps, each in its own transaction, and records them in `weir_migration`.
    ///
    /// Waits for another process that is migrating. A database that is newer than this binary is not changed. - Throws:
    /// `MigrationError`; `PostgresError` for errors that a step did not cause.
    package func migrate(_ connection: Connection) throws -> SchemaState {
        let timeouts = try connection.executeOnce(
            "SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock"
        )[0]
        try connection.executeScript(
            "SET statement_timeout = 0; SET lock_timeout = 0; SELECT pg_advisory_lock(\(Self.lockKeys))",
            context: "lock the schema"
        )
        let result = Result { try migrateUnderLock(connection) }
        // A lost session has already released the lock.
        _ = try? connection.executeScript(
            """
            SELECT pg_advisory_unlock(\(Self.lockKeys));
            SET statement_timeout = \(Identifier.literal(try timeouts.text("statement")));
            SET lock_timeout = \(Identifier.literal(try timeouts.text("lock")))
            """,
            context: "unlock the schema"
        )
        return try result.get()
    }

    /// Compares without changing anything; nil when no migration was ever applied.
    /// - Throws: `MigrationError.checksumMismatch`, `PostgresError`.
    package func state(_ connection: Connection) throws -> SchemaState? {
        let exists = try connection.executeOnce("SELECT to_regclass('weir_migration') IS NOT NULL AS found")
        guard try exists[0].bool("found") else { return nil }
        let applied = try fetchApplied(connection)
        try checkChecksums(applied)
        guard let highest = applied.keys.max() else { return nil }
        let known = migrations.last?.version ?? 0
        return highest > known
            ? .newer(database: highest, known: known) : .current(version: highest, applied: [])
    }

    // MARK: - Steps

    private func migrateUnderLock(_ connection: Connection) throws -> SchemaState {
        // Compare first: a session without the right to create tables can still serve a current schema.
        let before = try state(connection)
        if before == nil { try makeTable(connection) }
        if case .newer = before { return .newer(database: try highest(connection), known: knownVersion) }
        let applied = try fetchApplied(connection)
        let highest = applied.keys.max() ?? 0
        let missing = migrations.filter { applied[$0.version] == nil }
        if let late = missing.first(where: { $0.version < highest }) {
            throw MigrationError.outOfOrder(version: late.version, applied: highest)
        }
        for migration in missing { try apply(migration, connection) }
        return .current(version: max(highest, knownVersion), applied: missing.map(\.version))
    }

    private var knownVersion: Int { migrations.last?.version ?? 0 }

    private func highest(_ connection: Connection) throws -> Int {
        try fetchApplied(connection).keys.max() ?? 0
    }

    private func makeTable(_ connection: Connection) throws {
        try connection.executeScript(
            """
            CREATE TABLE IF NOT EXISTS weir_migration (
                version int PRIMARY KEY,
                name text NOT NULL,
                checksum text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
            )
            """,
            context: "make weir_migration"
        )
    }

    private func fetchApplied(_ connection: Connection) throws -> [Int: String] {
        let rows = try connection.executeOnce("SELECT version, checksum FROM weir_migration")
        return try rows.reduce(into: [:]) { applied, row in
            applied[try row.int("version")] = try row.text("checksum")
        }
    }

    private func checkChecksums(_ applied: [Int: String]) throws {
        for migration in migrations {
            guard let checksum = applied[migration.version], checksum != migration.checksum else { continue }
            throw MigrationError.checksumMismatch(version: migration.version, name: migration.name)
        }
    }

    private func apply(_ migration: Migration, _ connection: Connection) throws {
        do {
            if migration.runsInTransaction {
                try connection.transaction {
                    try connection.executeScript(migration.sql)
                    try note(migration, connection)
                    beforeCommit()
                }
            } else {
                for statement in SQLScript.statements(of: migration.sql) {
                    try connection.executeScript(statement)
                }
                try note(migration, connection)
            }
        } catch let error as PostgresError {
            // A server that went away, or is full or read-only, is not an error of the step.
            guard !error.isRetryable else { throw error }
            throw MigrationError.failed(version: migration.version, name: migration.name, error)
        }
    }

    private func note(_ migration: Migration, _ connection: Connection) throws(PostgresError) {
        try connection.executeOnce(
            Statement(
                "note a migration",
                "INSERT INTO weir_migration (version, name, checksum) VALUES ($1, $2, $3)"
            ),
            [.int(migration.version), .text(migration.name), .text(migration.checksum)]
        )
    }
}
