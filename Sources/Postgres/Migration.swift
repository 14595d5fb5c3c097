/// One step of the schema, identified by its number for ever.
package struct Migration: Hashable, Sendable {
    /// From 1 upwards, without repetition.
    package let version: Int
    /// What the step does, in a few words.
    package let name: String
    /// Statements separated by `;`.
    package let sql: String

    /// Creates a step. A line `-- weir:no-transaction` in `sql` makes it run outside a transaction, one statement
    /// after the other, as `CREATE INDEX CONCURRENTLY` needs; such a step must be repeatable.
    package init(version: Int, name: String, sql: String) {
        self.version = version
        self.name = name
        self.sql = sql
    }

    /// FNV-1a of the text in 64 bits, in hexadecimal: it finds an edited file, not a forged one.
    package var checksum: String {
        let digest = sql.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        let digits = String(digest, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    var runsInTransaction: Bool {
        !sql.split(whereSeparator: \.isNewline).contains { line in
            line.split(separator: " ").elementsEqual(["--", "weir:no-transaction"])
        }
    }
}

/// The state of a database's schema compared with the migrations of this binary.
package enum SchemaState: Hashable, Sendable {
    /// Exactly the known steps are applied; `applied` are those that this call applied.
    case current(version: Int, applied: [Int])
    /// The database has steps that this binary does not know: it must not write rows.
    case newer(database: Int, known: Int)

    /// Whether the database has all steps up to `version`.
    package func isAtLeast(_ version: Int) -> Bool {
        switch self {
        case .current(let found, _): found >= version
        case .newer: true
        }
    }
}

/// Why the schema can not be brought up to date.
package enum MigrationError: Error, Hashable, Sendable {
    /// An applied step's text has changed since.
    case checksumMismatch(version: Int, name: String)
    /// A step below the highest applied one was never applied.
    case outOfOrder(version: Int, applied: Int)
    /// A step failed; if it ran in a transaction, it left no changes.
    case failed(version: Int, name: String, PostgresError)
}

extension MigrationError {
    /// Whether the database was made with other steps than these: no restart solves that.
    package var isOfAnotherBuild: Bool {
        if case .checksumMismatch = self { true } else { false }
    }
}

extension MigrationError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .checksumMismatch(let version, let name):
            "migration \(version) (\(name)) is not the one that was applied to this database"
        case .outOfOrder(let version, let applied):
            "migration \(version) is not applied although \(applied) is; migrations only go forward"
        case .failed(let version, let name, let error): "migration \(version) (\(name)) failed: \(error)"
        }
    }
}
