import Configuration
import Core
import Glibc
import Postgres
import PostgresCluster
package import WeirApp

/// Makes a verified copy of a database beside others. Contract §4.3.
package struct BackupMaker: Sendable {
    /// How thoroughly a copy is verified.
    package enum Verification: String, CaseIterable, Sendable {
        /// The archive is read completely, twice from disk, and its digest compared.
        case archive
        /// It is also restored to a temporary database, and the rows of every table are counted.
        case full
    }

    /// What to make, and where.
    package struct Plan: Sendable {
        package var shelf: BackupShelf
        package var keep: Duration
        /// In bytes.
        package var minFree: Int64
        package var verification = Verification.archive
        /// The pauses before a second and a third attempt.
        package var pauses: [Duration] = [.seconds(10), .seconds(30)]
        /// The prefix before the time in the copy's name.
        package var prefix = ""
        /// The directory of `pg_dump` from the settings.
        package var binaries: String?

        /// A plan with three attempts.
        package init(_ shelf: BackupShelf, keep: Duration, minFree: Int64, binaries: String?) {
            self.shelf = shelf
            self.keep = keep
            self.minFree = minFree
            self.binaries = binaries
        }
    }

    /// The result of a backup.
    package struct Outcome: Sendable {
        /// The copy's directory.
        package let path: String
        package let metadata: BackupMetadata
        /// Removed copies, which were too old.
        package let removed: [String]

        /// The result for programs: one object with the metadata of the copy as `metadata`.
        package var json: String {
            var writer = JSONWriter()
            writer.object { object in
                object.member("path", path)
                object.member("metadata", raw: Array(metadata.json.utf8))
                object.array("removed") { list in
                    for name in removed { list.value(name) }
                }
            }
            return writer.text
        }
    }

    private let database: DatabaseSession
    private let plan: Plan
    private let say: @Sendable (String) -> Void

    /// Makes copies of a database; `say` gets progress messages.
    package init(
        _ database: DatabaseSession,
        _ plan: Plan,
        say: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.database = database
        self.plan = plan
        self.say = say
    }

    /// Makes a copy, verifies it, and then removes copies that are too old.
    ///
    /// - Throws: `StartError` when the disk is too full or another backup is running, and the error of the last
    ///   attempt.
    package func run() async throws -> Outcome {
        let lock = try plan.shelf.open()
        defer { withExtendedLifetime(lock) {} }
        try checkSpace()
        var pauses = plan.pauses[...]
        while true {
            do {
                return try await blocking { try attempt() }
            } catch {
                guard !Interruption.hasArrived, let pause = pauses.popFirst() else { throw error }
                say(
                    "failed: \(StartError.describing(error)); retrying in \(Int(pause.components.seconds)) s"
                )
                try await Task.sleep(for: pause)
            }
        }
    }

    private func checkSpace() throws(StartError) {
        guard let free = BackupFiles.freeBytes(plan.shelf.path), free < plan.minFree else { return }
        let (left, wanted) = (ByteSize(Int(free)).approximately, ByteSize(Int(plan.minFree)).approximately)
        throw StartError(
            "only \(left) are free for \(plan.shelf.path), \(wanted) are wanted: make room, or lower --min-free"
        )
    }

    // MARK: - One attempt

    private func attempt() throws -> Outcome {
        let partial = "\(plan.shelf.path)/\(BackupShelf.partialPrefix)\(getpid())"
        BackupFiles.removeDirectory(partial)
        try BackupFiles.makeDirectory(partial)
        do {
            let metadata = try fill(partial)
            let path = try publish(partial, metadata)
            let removed = plan.shelf.removeExpired(keep: plan.keep, at: .now())
            return Outcome(path: path, metadata: metadata, removed: removed)
        } catch {
            BackupFiles.removeDirectory(partial)
            throw error
        }
    }

    private func fill(_ directory: String) throws -> BackupMetadata {
        let dump = "\(directory)/\(BackupShelf.dumpName)"
        try BackupFiles.makeFile(dump)
        var (metadata, tools) = try DatabaseSnapshot.with(database) { connection, snapshot in
            say("counting rows")
            let metadata = try describe(connection)
            let tools = try ServerTools.find(
                explicit: plan.binaries,
                serverMajor: connection.serverVersion / 10_000
            )
            say("dumping \(metadata.rows.values.reduce(0, +)) rows")
            let outcome = try tools.dump(
                database.target,
                [
                    "--format=custom", "--no-password", "--lock-wait-timeout=120s", "--snapshot=\(snapshot)",
                    "--file=\(dump)",
                ]
            )
            guard outcome.status == 0 else { throw StartError("pg_dump failed: \(outcome.complaint)") }
            return (metadata, tools)
        }
        try BackupFiles.synchronize(dump)
        say("verifying")
        let first = try BackupFiles.digest(dump)
        metadata.sizeBytes = first.bytes
        metadata.sha256 = first.sha256
        metadata.verified = plan.verification.rawValue
        try BackupVerification(dump: dump, metadata: metadata, tools: tools).check()
        if plan.verification == .full {
            say("restoring on trial")
            try TrialRestore(database, tools).check(dump, metadata)
        }
        try BackupFiles.write(metadata.json + "\n", to: "\(directory)/\(BackupMetadata.fileName)")
        try BackupFiles.synchronize(directory)
        return metadata
    }

    private func describe(_ connection: Connection) throws -> BackupMetadata {
        let row = try connection.execute(
            "SELECT current_database()::text AS database, current_setting('server_version') AS server",
            []
        )[0]
        return BackupMetadata(
            createdAt: .now(),
            sizeBytes: 0,
            sha256: "",
            verified: "",
            retentionDays: plan.keep / .seconds(86_400),
            weirVersion: BuildInfo.version,
            schemaVersion: try DatabaseSnapshot.schemaVersion(on: connection),
            serverVersion: try row.text("server"),
            database: try row.text("database"),
            positions: try DatabaseSnapshot.positions(on: connection),
            rows: try DatabaseSnapshot.rowCounts(on: connection)
        )
    }

    /// Renames the finished copy; waits if there is a copy of the same second.
    private func publish(_ partial: String, _ metadata: BackupMetadata) throws -> String {
        var time = metadata.createdAt
        while true {
            let path = "\(plan.shelf.path)/\(plan.prefix)\(BackupName.text(of: time))"
            if access(path, F_OK) != 0 {
                try BackupFiles.rename(partial, path)
                return path
            }
            time = time.adding(seconds: 1)
        }
    }
}

/// Verifies that a dump is unchanged since it was made.
struct BackupVerification {
    let dump: String
    let metadata: BackupMetadata
    let tools: ServerTools

    /// Reads the file from disk, compares its digest, and lets `pg_restore` read all of it.
    func check() throws {
        let found = try BackupFiles.digest(dump)
        guard found.bytes == metadata.sizeBytes, found.sha256 == metadata.sha256 else {
            throw StartError("\(dump) is damaged: its digest is not the one in \(BackupMetadata.fileName)")
        }
        let list = try tools.restore(nil, ["--list", "--file=/dev/null", dump])
        guard list.status == 0 else { throw StartError("pg_restore can not list \(dump): \(list.complaint)") }
        let read = try tools.restore(nil, ["--file=/dev/null", dump])
        guard read.status == 0 else { throw StartError("pg_restore can not read \(dump): \(read.complaint)") }
    }
}
