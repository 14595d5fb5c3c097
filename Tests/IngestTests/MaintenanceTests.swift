import Core
import Logging
import Postgres
import Synchronization
import TestKit
import Testing

@testable import Ingest

@Suite struct `A job` {
    private static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// What was performed by whom, and whether with the lock.
    private final class Record: Sendable {
        struct Entry: Hashable {
            let who: String
            let hasLock: Bool
        }
        // Guards the entries.
        private let entries = Mutex<[Entry]>([])

        var all: [Entry] { entries.withLock { $0 } }
        var withoutLock: [Entry] { all.filter { !$0.hasLock } }

        func job(of who: String) -> MaintenanceJob {
            MaintenanceJob("note", every: .zero) { connection, _ in
                let hasLock = try holdsLock(connection)
                self.entries.withLock { $0.append(Entry(who: who, hasLock: hasLock)) }
            }
        }

        func waitFor(_ who: String, after count: Int = 0) async throws {
            try await eventually { self.all.dropFirst(count).contains { $0.who == who } }
        }
    }

    private func run(
        _ jobs: [MaintenanceJob],
        on database: TemporaryDatabase,
        pause: Duration = .milliseconds(20)
    ) -> (runner: MaintenanceRunner, task: Task<Void, Never>) {
        let runner = MaintenanceRunner(
            jobs,
            target: database.target,
            session: SessionSettings(),
            pause: pause,
            logger: Self.silent
        )
        return (runner, Task { await runner.run() })
    }

    @Test func `is performed by one of two, and by the other when that one stops`() async throws {
        let database = try TemporaryDatabase.make()
        let record = Record()
        let first = run([record.job(of: "first")], on: database)
        try await record.waitFor("first")
        let second = run([record.job(of: "second")], on: database)
        try await record.waitFor("first", after: record.all.count + 5)
        #expect(first.runner.isLeader && !second.runner.isLeader)
        #expect(!record.all.contains { $0.who == "second" })

        first.task.cancel()
        await first.task.value
        #expect(!first.runner.isLeader)
        try await record.waitFor("second")
        #expect(second.runner.isLeader)
        second.task.cancel()
        await second.task.value
        #expect(record.withoutLock.isEmpty)
    }

    @Test func `is not performed by a session that was opened after the lock was lost`() async throws {
        let database = try TemporaryDatabase.make()
        let record = Record()
        let rounds = Atomic<Int>(0)
        // The server ends the session between two maintenance jobs of one round: a restart, or the end of the lease.
        let losing = MaintenanceJob("lose", every: .zero) { [target = database.target] connection, _ in
            guard rounds.add(1, ordering: .relaxed).newValue < 5 else { return }
            let pid = connection.processID
            try Connection.withTemporary(target) {
                _ = try $0.executeScript("SELECT pg_terminate_backend(\(pid), 5000)")
            }
        }
        let runner = run([losing, record.job(of: "first")], on: database)
        try await record.waitFor("first")
        runner.task.cancel()
        await runner.task.value
        #expect(record.withoutLock.isEmpty)
    }

    @Test func `goes to another when its Weir is stopped and keeps its connection`() async throws {
        let database = try TemporaryDatabase.make()
        let record = Record()
        // Says nothing for a minute, as a process does that was sent SIGSTOP.
        let stopped = run([record.job(of: "stopped")], on: database, pause: .seconds(60))
        try await record.waitFor("stopped")
        let other = run([record.job(of: "other")], on: database)
        try await record.waitFor("other")
        for task in [stopped.task, other.task] {
            task.cancel()
            await task.value
        }
        #expect(record.withoutLock.isEmpty)
    }
}

/// Whether the session of a connection holds an advisory lock: each performance says so.
private func holdsLock(_ connection: Connection) throws -> Bool {
    let rows = try connection.execute(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS holds",
        []
    )
    return try rows.first?.bool("holds") == true
}
