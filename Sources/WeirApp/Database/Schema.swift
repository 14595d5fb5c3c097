import Migrations
import Postgres

/// The schema that this executable knows.
enum Schema {
    /// Brings it into a database.
    static let migrator = makeMigrator {}

    /// A migrator that calls `beforeCommit` when all of a step but its COMMIT is done.
    static func makeMigrator(beforeCommit: @escaping @Sendable () -> Void) -> Migrator {
        let steps = SchemaMigrations.steps.map {
            Migration(version: $0.version, name: $0.name, sql: $0.sql)
        }
        return Migrator(steps, beforeCommit: beforeCommit)
    }

    /// The newest step.
    static let version = SchemaMigrations.steps.map(\.version).max() ?? 0
}

/// What `weir migrate` says.
package struct MigrationReport: Sendable {
    package let lines: [String]
    /// Whether every step that this executable knows is applied.
    package let isComplete: Bool

    /// Applies what is missing and says what that was.
    package static func apply(_ database: DatabaseSession) async throws -> [String] {
        switch try await database.pool.withConnection({ try Schema.migrator.migrate($0) }) {
        case .current(let version, let applied):
            guard !applied.isEmpty else { return ["the schema is up to date (version \(version))"] }
            return SchemaMigrations.steps.filter { applied.contains($0.version) }
                .map { "applied \(label($0))" }
        case .newer(let found, let known): throw newer(found, known)
        }
    }

    /// Compares without changing anything.
    package static func status(_ database: DatabaseSession) async throws -> MigrationReport {
        let applied: Int
        switch try await database.pool.withConnection({ try Schema.migrator.state($0) }) {
        case .none: applied = 0
        case .current(let version, _): applied = version
        case .newer(let found, let known): throw newer(found, known)
        }
        let lines = SchemaMigrations.steps.map { step in
            "\(step.version <= applied ? "applied" : "missing")  \(label(step))"
        }
        return MigrationReport(lines: lines, isComplete: applied >= Schema.version)
    }

    private static func label(_ step: SchemaMigrations.Step) -> String {
        let digits = String(step.version)
        return "v\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits) \(step.name)"
    }

    private static func newer(_ found: Int, _ known: Int) -> StartError {
        StartError(
            "the database's schema is version \(found), this Weir knows up to \(known): use a newer Weir"
        )
    }
}
