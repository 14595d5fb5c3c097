import Configuration
import Core
import Glibc
import Journal
import Postgres
import PostgresCluster
package import WeirApp

/// Replaces the database in use by a copy, and rolls that back. Contract §4.3.
///
/// The copy is restored into a new database and its rows are counted; only then the names are exchanged: until that
/// moment nothing has changed, and afterwards a rollback is one more exchange.
package struct Restorer: Sendable {
    /// A verified copy, and what it would replace.
    package struct Plan: Sendable {
        /// The dump.
        package let dump: String
        package let metadata: BackupMetadata
        let tools: ServerTools
        let siblings: SiblingDatabases
        /// The steps, as sentences.
        package let lines: [String]
    }

    /// How a restore is made.
    package struct Options: Sendable {
        /// The directory and the options of the safety copy.
        package var safety: BackupMaker.Plan
        /// The data directory with the journal from which loading continues after the restore.
        package var dataDirectory: String
        /// Whether grants of the dump are restored; their roles must exist.
        package var withGrants = true

        /// Options with a plan for the safety copy.
        package init(safety: BackupMaker.Plan, dataDirectory: String) {
            self.safety = safety
            self.dataDirectory = dataDirectory
            self.safety.prefix = BackupName.safetyPrefix
        }
    }

    private let database: DatabaseSession
    private let options: Options
    private let say: @Sendable (String) -> Void

    /// Restores into a database; `say` gets progress messages.
    package init(
        _ database: DatabaseSession,
        _ options: Options,
        say: @escaping @Sendable (String) -> Void
    ) {
        self.database = database
        self.options = options
        self.say = say
    }

    /// Runs `body` while no server with this data directory can start; throws when one is running.
    package static func alone<Value>(
        _ settings: Settings,
        _ body: () async throws -> Value
    ) async throws -> Value {
        let directory = try DataDirectory(preparing: settings.dataDirectory, for: settings)
        let lock = try DirectoryGuard(directory.path)
        defer { withExtendedLifetime(lock) {} }
        return try await body()
    }

    // MARK: - Restore

    /// Verifies a copy, given by its directory or its dump, and returns the plan of a restore.
    package func plan(_ path: String) async throws -> Plan {
        try await blocking {
            let (dump, metadata) = try Self.find(path)
            guard metadata.schemaVersion <= Schema.version else {
                throw StartError("the copy was made by a newer Weir (\(metadata.weirVersion)): use that one")
            }
            let siblings = try SiblingDatabases(database)
            let major = try siblings.maintain { $0.serverVersion / 10_000 }
            let tools = try ServerTools.find(explicit: options.safety.binaries, serverMajor: major)
            say("verifying \(dump)")
            try BackupVerification(dump: dump, metadata: metadata, tools: tools).check()
            try Self.requireNobody(siblings)
            return Plan(
                dump: dump,
                metadata: metadata,
                tools: tools,
                siblings: siblings,
                lines: try lines(metadata, siblings)
            )
        }
    }

    private func lines(_ metadata: BackupMetadata, _ siblings: SiblingDatabases) throws -> [String] {
        let rows = metadata.rows.values.reduce(0, +)
        let size = ByteSize(Int(metadata.sizeBytes)).approximately
        var lines = [
            "the copy: \(metadata.createdAt.description.prefix(19))Z, \(size), \(rows) rows in "
                + "\(metadata.rows.count) tables, schema \(metadata.schemaVersion), of '\(metadata.database)'",
            "1. a safety copy of '\(siblings.name)' goes to \(options.safety.shelf.path)",
            "2. the copy is restored into a new database, and its rows are counted",
            "3. the new database takes the name '\(siblings.name)'; the present one is kept under another",
        ]
        let journal = try JournalMerge(directories: [options.dataDirectory], codec: .gzip).ends.first
        lines += JournalOutlook(metadata.positions, journal).lines
        if try siblings.hasSettingsOfItsOwn() {
            lines.append("note: grants and settings on the database itself are not restored; make them anew")
        }
        return lines
    }

    /// Executes a plan; returns the name under which the replaced database is kept.
    package func run(_ plan: Plan) async throws -> String {
        say("making a safety copy")
        let safety = try await BackupMaker(database, options.safety, say: say).run()
        say("the safety copy is \(safety.path)")
        return try await blocking {
            let now = Timestamp.now()
            let coming = DatabaseNames.name(plan.siblings.name, DatabaseNames.coming, now)
            say("restoring")
            do {
                try plan.siblings.make(coming)
                try plan.siblings.fill(
                    coming,
                    from: plan.dump,
                    plan.metadata,
                    tools: plan.tools,
                    withGrants: options.withGrants
                )
                return try exchange(coming, DatabaseNames.before, plan.siblings, at: now)
            } catch {
                try? plan.siblings.drop(coming)
                throw error
            }
        }
    }

    // MARK: - Rollback

    /// Restores the database that the last restore replaced; returns the new name of the other one.
    package func rollBack(to previous: String) async throws -> String {
        try await blocking {
            let siblings = try SiblingDatabases(database)
            try Self.requireNobody(siblings)
            return try exchange(previous, DatabaseNames.undone, siblings, at: .now())
        }
    }

    /// The database that the last restore replaced; nil when none is kept.
    package func previous() async throws -> String? {
        try await blocking { try SiblingDatabases(database).setAside(DatabaseNames.before).last }
    }

    /// All databases that restores and rollbacks have set aside, or left when they were interrupted.
    package func leftovers() async throws -> [String] {
        try await blocking {
            let siblings = try SiblingDatabases(database)
            return try DatabaseNames.leftovers.flatMap { try siblings.setAside($0) }
        }
    }

    /// Drops databases that were set aside.
    package func discard(_ names: [String]) async throws {
        try await blocking {
            let siblings = try SiblingDatabases(database)
            for name in names { try siblings.drop(name) }
        }
    }

    // MARK: - Steps

    /// PostgreSQL refuses to rename a database with open connections: this excludes a Weir that connected meanwhile.
    private func exchange(_ new: String, _ word: String, _ siblings: SiblingDatabases, at now: Timestamp)
        throws
        -> String
    {
        let aside = DatabaseNames.name(siblings.name, word, now)
        do {
            try siblings.exchange(new, aside: aside)
        } catch let error as PostgresError where error.sqlState == "55006" {
            try Self.requireNobody(siblings)
            throw error
        }
        return aside
    }

    private static func requireNobody(_ siblings: SiblingDatabases) throws {
        var visitors = try siblings.visitors()
        // Weir's own sessions take a moment to end.
        for _ in 0..<20 where !visitors.isEmpty {
            usleep(100_000)
            visitors = try siblings.visitors()
        }
        guard visitors.isEmpty else {
            throw StartError(
                "the database '\(siblings.name)' is in use by \(visitors.joined(separator: ", ")): stop every Weir and "
                    + "every other program on it first"
            )
        }
    }

    /// The dump and the metadata of a copy, given by its directory or its dump.
    ///
    /// Needs no database, so that a wrong path is refused before anything is locked or started.
    @discardableResult
    package static func find(_ path: String) throws -> (dump: String, metadata: BackupMetadata) {
        let directory = directory(path)
        let dump = "\(directory)/\(BackupShelf.dumpName)"
        let document = "\(directory)/\(BackupMetadata.fileName)"
        if access(document, F_OK) != 0, [ENOENT, ENOTDIR].contains(errno) {
            throw StartError("\(directory) is no copy: there is no \(BackupMetadata.fileName) in it")
        }
        for path in [document, dump] { close(try BackupFiles.openOrdinary(path)) }
        guard let metadata = BackupFiles.read(document).flatMap({ BackupMetadata(json: $0) }) else {
            throw StartError("\(document) can not be read: it is not what `weir backup` writes")
        }
        return (dump, metadata)
    }

    private static func directory(_ given: String) -> String {
        let path = BackupFiles.absolute(given)
        let suffix = "/" + BackupShelf.dumpName
        if path.hasSuffix(suffix) { return String(path.dropLast(suffix.count)) }
        return path.hasSuffix("/") && path.count > 1 ? String(path.dropLast()) : path
    }
}
