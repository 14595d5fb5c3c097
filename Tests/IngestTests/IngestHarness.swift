import Core
import Foundation
import Journal
import Logging
import Migrations
import Postgres
import TestKit

@testable import Ingest

/// A journal in a directory of its own, and a database that notes are loaded into.
final class IngestHarness: Sendable {
    let directory: String
    let target: ConnectionTarget
    private let database: TemporaryDatabase?

    /// A fresh database of the shared server, or one on a cluster of the test's own.
    init(cluster: TemporaryCluster? = nil) throws {
        directory = NSTemporaryDirectory() + "weir-ingest-\(UUID128.random())"
        if let cluster {
            database = nil
            target = cluster.target
            try Connection.withTemporary(target) { try Self.makeSchema($0) }
        } else {
            let made = try TemporaryDatabase.make(preparedAs: "weir-notes") { try Self.makeSchema($0) }
            database = made
            target = made.target
        }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    private static func makeSchema(_ connection: Connection) throws {
        for step in SchemaMigrations.steps { try connection.executeScript(step.sql) }
        try connection.executeScript(NoteProjection.schema)
    }

    func openJournal() throws -> Journal {
        var configuration = JournalConfiguration(directory: directory)
        configuration.reserveBytes = 0
        return try Journal.open(
            JournalSetup(
                configuration,
                clock: { .now() },
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        )
    }

    /// A loader of the notes in `journal`, running until the task is cancelled.
    func load(
        _ journal: Journal,
        registration: JournalRegistration? = nil
    ) -> (progress: StreamProgress, task: Task<Void, Never>) {
        let progress = StreamProgress(stream: "notes")
        let loader = Loader(
            NoteProjection(),
            journal: journal,
            registration: registration ?? JournalRegistration(journal: journal),
            target: target,
            session: SessionSettings(),
            configuration: LoaderConfiguration(
                batchLines: 50,
                backOff: .milliseconds(10)...(.milliseconds(100))
            ),
            progress: progress,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        return (progress, Task { await loader.run() })
    }

    /// Runs a loader until everything durable is applied.
    func loadAll(_ journal: Journal) async throws -> StreamProgress.Snapshot {
        let (progress, task) = load(journal)
        try await progress.reach(journal.durableSeq)
        task.cancel()
        await task.value
        return progress.snapshot
    }

    func rows(_ sql: String) throws -> [String] { try target.rows(sql) }

    func execute(_ sql: String) throws { try target.execute(sql) }
}

extension StreamProgress {
    struct NotReached: Error {
        let snapshot: Snapshot
    }

    /// Waits until a line is applied, however often the loader has to begin again; a generous bound ends a hang.
    func reach(_ seq: Int64, within seconds: Int = 60) async throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while snapshot.appliedSeq < seq {
            guard ContinuousClock.now < end else { throw NotReached(snapshot: snapshot) }
            if await !wait(for: seq, atMost: .seconds(1)) { try await Task.sleep(for: .milliseconds(5)) }
        }
    }
}

extension Journal {
    func append(note body: String) async throws -> Int64 {
        try await append(kind: NoteProjection.kind, body: Array(body.utf8)).seq
    }
}
