import Core
import Migrations
import Postgres
package import WeirApp

/// The report of `weir migrate`.
package struct MigrationReport: Sendable {
    /// The version of the database's schema; 0 is none.
    private let version: Int
    /// The steps that were just applied; nil if only the status was read.
    private let applied: [Int]?

    /// Whether every step of this executable is applied.
    package var isComplete: Bool { version >= Schema.version }

    /// Applies missing steps.
    package static func apply(_ database: DatabaseSession) async throws -> MigrationReport {
        let (target, session) = (database.target, database.session)
        let state = try await database.pool.withConnection { connection in
            if try Schema.migrator.state(connection)?.isAtLeast(Schema.version) != true {
                let facts = try DatabaseFacts.fetch(connection, target, session)
                if let misfit = facts.creationMisfit { throw misfit }
            }
            return try Schema.migrator.migrate(connection)
        }
        return switch state {
        case .current(let version, let applied): MigrationReport(version: version, applied: applied)
        case .newer(let found, let known): throw newer(found, known)
        }
    }

    /// Compares without changing anything.
    package static func status(_ database: DatabaseSession) async throws -> MigrationReport {
        switch try await database.pool.withConnection({ try Schema.migrator.state($0) }) {
        case .none: MigrationReport(version: 0, applied: nil)
        case .current(let version, _): MigrationReport(version: version, applied: nil)
        case .newer(let found, let known): throw newer(found, known)
        }
    }

    /// The report as text: the applied steps, or the status of every step.
    package var lines: [String] {
        guard let applied else {
            return SchemaMigrations.steps.map { step in
                "\(step.version <= version ? "applied" : "missing")  \(Self.label(step))"
            }
        }
        guard !applied.isEmpty else { return ["the schema is up to date (version \(version))"] }
        return SchemaMigrations.steps.filter { applied.contains($0.version) }.map {
            "applied \(Self.label($0))"
        }
    }

    /// The report for programs: one object.
    package var json: String {
        var writer = JSONWriter()
        writer.object { object in
            object.member("version", version)
            object.member("known_version", Schema.version)
            object.member("up_to_date", isComplete)
            object.array("steps") { list in
                for step in SchemaMigrations.steps {
                    list.object { members in
                        members.member("version", step.version)
                        members.member("name", step.name)
                        members.member("applied", step.version <= version)
                        if let applied { members.member("applied_now", applied.contains(step.version)) }
                    }
                }
            }
        }
        return writer.text
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
