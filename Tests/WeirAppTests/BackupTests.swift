import Core
import Foundation
import Logging
import Metrics
import Postgres
import Synchronization
import TestKit
import Testing

@testable import Operations
@testable import WeirApp

/// Copies of the database: their names, what is known of them, which go. Contract §4.3.
@Suite struct `A shelf of copies` {
    private let now = Timestamp(iso8601: "2026-03-20T12:00:00Z") ?? .epoch

    private static func metadata(at time: Timestamp) -> BackupMetadata {
        BackupMetadata(
            createdAt: time,
            sizeBytes: 1_234_567,
            sha256: "ab12",
            verified: "archive",
            retentionDays: 14,
            weirVersion: "0.1.0",
            schemaVersion: 6,
            serverVersion: "15.4",
            database: "weir",
            positions: [BackupMetadata.Position(journal: "j", stream: "runs", seq: 9_007_199_254_740_993)],
            rows: ["agent_run": 3, "telemetry": 0]
        )
    }

    private func copy(_ name: String) -> BackupShelf.Copy {
        let time = BackupName.time(of: name) ?? .epoch
        return BackupShelf.Copy(name: name, time: time, metadata: Self.metadata(at: time))
    }

    @Test func `names copies by their second, and knows the names again`() throws {
        let time = try #require(Timestamp(iso8601: "2026-01-02T03:04:05.678Z"))
        #expect(BackupName.text(of: time) == "20260102_030405")
        #expect(BackupName.time(of: "20260102_030405")?.description == "2026-01-02T03:04:05.000000Z")
        #expect(BackupName.time(of: "pre_restore_20260102_030405") != nil)
        for name in ["20260102", "2026010203040_", "20261302_030405", "x20260102_030405", ".partial-17", ""] {
            #expect(BackupName.time(of: name) == nil, "\(name)")
        }
    }

    @Test func `writes what is known of a copy and reads it again`() throws {
        let metadata = Self.metadata(at: now)
        let text = metadata.json
        for member in [
            #""timestamp":"20260320_120000""#, #""created_at":"2026-03-20T12:00:00.000000+00:00""#,
            #""size_bytes":1234567"#, #""size_mb":1.18"#, #""verified":true"#, #""retention_days":14"#,
            #""backup_method":"pg_dump --format=custom""#, #""seq":9007199254740993"#,
        ] {
            #expect(text.contains(member), "\(member) in \(text)")
        }
        #expect(BackupMetadata(json: Array(text.utf8)) == metadata)
    }

    @Test(arguments: ["", "{}", "[]", #"{"created_at":"2026-03-20T12:00:00Z","size_bytes":1,"sha256":"a"}"#])
    func `takes nothing for a copy that does not say enough`(text: String) {
        #expect(BackupMetadata(json: Array(text.utf8)) == nil)
    }

    struct Case: Sendable {
        let copies: [String]
        let removed: [String]
    }

    @Test(arguments: [
        Case(copies: [], removed: []),
        // All are young enough: 14 days are kept.
        Case(copies: ["20260307_120000", "20260319_000000"], removed: []),
        Case(copies: ["20260306_115959", "20260319_000000"], removed: ["20260306_115959"]),
        // The last good one stays, however old.
        Case(copies: ["20250101_000000", "20250102_000000"], removed: ["20250101_000000"]),
        // A safety copy is not the last good one.
        Case(
            copies: ["20250101_000000", "pre_restore_20250105_000000"],
            removed: ["pre_restore_20250105_000000"]
        ),
    ])
    func `removes what is too old, but never the last good one`(given: Case) {
        let expired = BackupShelf.expired(given.copies.map(copy), keep: .seconds(14 * 86_400), at: now)
        #expect(expired.map(\.name) == given.removed)
    }

    @Test func `names databases that are set aside within 63 bytes`() {
        let long = String(repeating: "ü", count: 31)
        let name = DatabaseNames.name(long, "before", now)
        #expect(name.utf8.count <= 63)
        #expect(DatabaseNames.time(of: name, long, "before") == now)
        #expect(DatabaseNames.name("weir", "before", now) == "weir_before_20260320_120000")
        #expect(DatabaseNames.time(of: "weir_before_lunch", "weir", "before") == nil)
        #expect(DatabaseNames.time(of: "weir_undone_20260320_120000", "weir", "before") == nil)
    }

    @Test func `makes a verified copy, one at a time, with what killed ones left cleared away`() async throws
    {
        let weir = try await EmbeddedServer.start()
        let shelf = BackupShelf(weir.directory + "/copies")
        let abandoned = shelf.path + "/.partial-1"
        try FileManager.default.createDirectory(atPath: abandoned, withIntermediateDirectories: true)
        try Data("half".utf8).write(to: URL(filePath: abandoned + "/weir.dump"))
        let run =
            #"{"event_id":"e","run_id":"r","start_time":"s","agent_name":"a","job_type":"j"}"#
        #expect(try weir.client(profile: "runs").post("/api/v1/runs", json: run).status == 201)

        let outcome = try await backup(weir.server.settings, to: shelf)
        #expect(outcome.metadata.rows["agent_run"] == 1)
        #expect(
            Set(outcome.metadata.positions.map(\.stream)) == [
                "nextflow", "runs", "workers", "executions", "pipelines", "provenance", "spans",
            ]
        )
        #expect(shelf.newest?.metadata == outcome.metadata)
        #expect(!FileManager.default.fileExists(atPath: abandoned))
        let mode = try FileManager.default.attributesOfItem(atPath: outcome.path + "/weir.dump")[
            .posixPermissions
        ]
        #expect(mode as? Int == 0o600)

        let lock = try shelf.open()
        await #expect(throws: StartError.self) { try await backup(weir.server.settings, to: shelf) }
        withExtendedLifetime(lock) {}
        await weir.stop()
    }

    @Test func `is not begun without room on the disk`() async throws {
        let weir = try await EmbeddedServer.start()
        let shelf = BackupShelf(weir.directory + "/copies")
        let said = Lines()
        let error = await #expect(throws: StartError.self) {
            try await backup(weir.server.settings, to: shelf, minFree: .max, said)
        }
        #expect(error?.line.contains("are wanted") == true)
        #expect(said.all.isEmpty)
        await weir.stop()
    }

    @Test func `is tried three times, and leaves nothing half made`() async throws {
        let directory = EmbeddedServer.newDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let settings = try Settings.resolve(
            flags: ["database-url": "postgresql://weir:hunter2@127.0.0.1:1/weir", "data-dir": directory]
        ).settings
        let shelf = BackupShelf(directory + "/copies")
        let said = Lines()
        await #expect(throws: PostgresError.self) { try await backup(settings, to: shelf, said) }
        #expect(said.all.count { $0.hasPrefix("failed: PostgreSQL cannot be reached") } == 2)
        #expect(!said.all.contains { $0.contains("hunter2") })
        let left = try FileManager.default.contentsOfDirectory(atPath: shelf.path)
        #expect(left == [".lock"])
    }

    private func backup(
        _ settings: Settings,
        to shelf: BackupShelf,
        minFree: Int64 = 0,
        _ said: Lines = Lines()
    ) async throws -> BackupMaker.Outcome {
        var plan = BackupMaker.Plan(shelf, keep: .seconds(86_400), minFree: minFree, binaries: nil)
        plan.pauses = [.zero, .zero]
        let ready = plan
        return try await DatabaseSession.with(settings) { database in
            try await BackupMaker(database, ready) { said.add($0) }.run()
        }
    }

    /// What was said.
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])

        var all: [String] { lines.withLock { $0 } }

        func add(_ line: String) {
            lines.withLock { $0.append(line) }
        }
    }
}

/// The maintenance job that lets `weir backup` run now and then.
@Suite struct `The backup job` {
    @Test func `starts a program that makes a copy, and looks after it at later turns`() async throws {
        let database = try TemporaryDatabase.make()
        try Connection.withTemporary(database.target) { _ = try Schema.migrator.migrate($0) }
        let job = try Self.job(database.target, every: "1h")
        defer { job.remove() }
        try await job.turnUntil { job.job.lastSuccess != nil }
        #expect(job.shelf.copies.count == 1)
        let made = try #require(job.job.lastSuccess)
        let scrape = try Self.age(job.directory, at: made.adding(seconds: 90))
        #expect(scrape.contains("\nweir_backup_age_seconds 90\n"))
        // The next one is due in an hour.
        for _ in 1...3 { try job.job.turn(at: .now()) }
        #expect(job.shelf.copies.count == 1)
        try job.job.turn(at: Timestamp.now().adding(seconds: 3700))
        try await job.turnUntil { job.shelf.copies.count == 2 }
        #expect(!job.job.hasFailed)
    }

    @Test func `says that it failed, and waits before it tries again`() async throws {
        let database = try TemporaryDatabase.make()
        let job = try Self.job(database.target, every: "1h", minFree: "1024TiB")
        defer { job.remove() }
        try await job.turnUntil { job.job.hasFailed }
        let log = job.shelf.path + "/backup.log"
        #expect(try String(contentsOfFile: log, encoding: .utf8).contains("are wanted"))
        // Every start would make the file anew.
        try FileManager.default.removeItem(atPath: log)
        for _ in 1...3 { try job.job.turn(at: .now()) }
        #expect(!FileManager.default.fileExists(atPath: log))
        #expect(job.shelf.copies.isEmpty)
    }

    /// A maintenance job with a directory of its own.
    private struct Subject {
        let job: BackupJob
        let shelf: BackupShelf
        let directory: String

        /// Performs turn after turn until things are as they should be.
        func turnUntil(_ isDone: () -> Bool) async throws {
            let end = ContinuousClock.now + .seconds(60)
            while ContinuousClock.now < end {
                try job.turn(at: .now())
                if isDone() { return }
                try await Task.sleep(for: .milliseconds(20))
            }
            Issue.record("not within a minute")
        }

        func remove() {
            job.stop()
            try? FileManager.default.removeItem(atPath: directory)
        }
    }

    @Test func `shows no age where there is no copy`() throws {
        let directory = EmbeddedServer.newDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        #expect(try Self.age(directory, at: .now()) == "")
    }

    /// What a scrape tells of the copies in a data directory.
    private static func age(_ directory: String, at now: Timestamp) throws -> String {
        let settings = try Settings.resolve(flags: ["data-dir": directory], environment: [:]).settings
        let age = BackupAge(settings)
        try age.look()
        var snapshot = MetricsSnapshot()
        age.collect(into: &snapshot, at: now)
        let text = Registry().exposition(as: .prometheusText, adding: snapshot)
        return String(decoding: text, as: UTF8.self)
    }

    private static func job(_ target: ConnectionTarget, every: String, minFree: String = "0") throws
        -> Subject
    {
        let directory = EmbeddedServer.newDirectory()
        let settings = try Settings.resolve(
            flags: ["database-url": target.unmaskedURL, "data-dir": directory],
            environment: ["WEIR_BACKUP_EVERY": every, "WEIR_BACKUP_MIN_FREE": minFree]
        ).settings
        return Subject(
            job: BackupJob(settings, executable: Executable.path, logger: .silent),
            shelf: BackupShelf(directory + "/backups"),
            directory: directory
        )
    }
}
