import Migrations
package import Postgres

/// The schema of this executable.
package enum Schema {
    /// Applies it to a database.
    package static let migrator = makeMigrator {}

    /// A migrator that calls `beforeCommit` when everything in a step but its COMMIT is done.
    static func makeMigrator(beforeCommit: @escaping @Sendable () -> Void) -> Migrator {
        let steps = SchemaMigrations.steps.map {
            Migration(version: $0.version, name: $0.name, sql: $0.sql)
        }
        return Migrator(steps, beforeCommit: beforeCommit)
    }

    /// The newest step.
    package static let version = SchemaMigrations.steps.map(\.version).max() ?? 0
}
