import Dispatch
import Postgres
import TestKit
import Testing

@Suite struct `A pool` {
    private let database: TemporaryDatabase

    init() throws {
        database = try TemporaryDatabase.make()
    }

    private func makePool(limit: Int = 2, timeout: Duration = .seconds(30)) -> Pool {
        Pool(database.target, PoolConfiguration(limit: limit, acquisitionTimeout: timeout))
    }

    /// Takes a connection and keeps it until the semaphore is signalled; returns once it is taken.
    private func hold(_ pool: Pool, until release: DispatchSemaphore) async -> Task<Void, any Error> {
        let (taken, isTaken) = AsyncStream<Void>.makeStream()
        let task = Task {
            try await pool.withConnection { _ in
                isTaken.finish()
                release.wait()
            }
        }
        for await _ in taken {}
        return task
    }

    private func until(_ condition: () -> Bool) async {
        while !condition() { await Task.yield() }
    }

    private func failure(of body: () async throws -> Void) async -> PostgresError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? PostgresError
        }
    }

    @Test func `opens connections when they are needed and uses them again`() async throws {
        let pool = makePool()
        #expect(pool.status.isReachable == nil)
        let first = try await pool.withConnection { $0.sessionID }
        let second = try await pool.withConnection { $0.sessionID }
        #expect(first == second)
        #expect(pool.status.isReachable == true)
        #expect(pool.status.idle == 1)
        #expect(pool.status.inUse == 0)
        #expect(pool.status.acquisitions == 2)
        await pool.close()
    }

    @Test func `waits for a server without a free connection, and then says that it has none`() async throws {
        let role = "crowd_\(database.name)"
        try Connection.withTemporary(database.target) {
            _ = try $0.executeScript("CREATE ROLE \(role) LOGIN CONNECTION LIMIT 1")
        }
        defer {
            try? Connection.withTemporary(database.target) { _ = try $0.executeScript("DROP ROLE \(role)") }
        }
        let target = database.target.with("user", role)
        let first = DedicatedConnection(target)
        _ = try await first.withConnection { try $0.execute("SELECT 1") }
        let hasty = Pool(target, PoolConfiguration(limit: 2, acquisitionTimeout: .milliseconds(300)))
        let error = await failure { _ = try await hasty.withConnection { $0.sessionID } }
        #expect(error?.kind == .tooManyConnections)
        #expect(error?.message.contains("too many connections for role") == true)
        #expect(hasty.status.lastError?.kind == .tooManyConnections)
        let patient = Pool(target, PoolConfiguration(limit: 2, acquisitionTimeout: .seconds(60)))
        let answer = Task { try await patient.withConnection { try $0.execute("SELECT 42")[0].int(0) } }
        await until { patient.status.lastError != nil }
        first.close()
        #expect(try await answer.value == 42)
        #expect(patient.status.lastError == nil)
        // One connection is all that there is, and all get their turn on it.
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { try await patient.withConnection { try $0.execute("SELECT 1")[0].int(0) } }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 8)
        await hasty.close()
        await patient.close()
    }

    @Test func `never exceeds its limit and serves all who wait`() async throws {
        let pool = makePool(limit: 3)
        let sessions = try await withThrowingTaskGroup(of: UInt64.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    try await pool.withConnection { connection in
                        try connection.execute("SELECT pg_sleep(0.001)")
                        return connection.sessionID
                    }
                }
            }
            return try await group.reduce(into: Set<UInt64>()) { $0.insert($1) }
        }
        #expect(sessions.count <= 3)
        #expect(pool.status.waiting == 0)
        #expect(pool.status.inUse == 0)
        await pool.close()
    }

    @Test func `refuses after the acquisition timeout`() async throws {
        let pool = makePool(limit: 1, timeout: .milliseconds(20))
        let release = DispatchSemaphore(value: 0)
        let holder = await hold(pool, until: release)
        let error = await failure { try await pool.withConnection { _ in } }
        #expect(error?.kind == .poolTimeout)
        #expect(pool.status.timeouts == 1)
        #expect(pool.status.waiting == 0)
        release.signal()
        try await holder.value
        try await pool.withConnection { _ in }
        await pool.close()
    }

    @Test func `loses no connection to a waiter that was cancelled`() async throws {
        let pool = makePool(limit: 1)
        let release = DispatchSemaphore(value: 0)
        let holder = await hold(pool, until: release)
        let waiter = Task { try await pool.withConnection { _ in } }
        await until { pool.status.waiting == 1 }
        waiter.cancel()
        let error = await failure { try await waiter.value }
        #expect(error?.kind == .cancelled)
        #expect(pool.status.waiting == 0)
        release.signal()
        try await holder.value
        try await pool.withConnection { _ in }
        #expect(pool.status.inUse == 0)
        await pool.close()
    }

    @Test func `cancels the running statement with its task`() async throws {
        let pool = makePool()
        let sleeper = Task {
            try await pool.withConnection { _ = try $0.execute("SELECT pg_sleep(600) /* the sleeper */") }
        }
        let isAsleep = Statement(
            "find the sleeper",
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE query LIKE '%the sleeper%' AND wait_event = 'PgSleep' AND datname = current_database()
            """
        )
        while try await pool.withConnection({ try $0.execute(isAsleep)[0].int(0) }) == 0 {}
        sleeper.cancel()
        let error = await failure { try await sleeper.value }
        #expect(error?.kind == .cancelled)
        #expect(error?.sqlState == "57014")
        let answers = try await pool.withConnection { try $0.execute("SELECT 1")[0].int(0) }
        #expect(answers == 1)
        #expect(pool.status.inUse == 0)
        await pool.close()
    }

    @Test func `leaves no connection with a task that was cancelled before it began`() async throws {
        let pool = makePool(limit: 1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask { _ = await failure { try await pool.withConnection { _ in } } }
            }
            group.cancelAll()
            try await group.waitForAll()
        }
        try await pool.withConnection { _ in }
        #expect(pool.status.inUse == 0)
        #expect(pool.status.waiting == 0)
        await pool.close()
    }

    @Test func `replaces a connection that broke`() async throws {
        let pool = makePool(limit: 1)
        let first = try await pool.withConnection { $0.sessionID }
        let error = await failure {
            try await pool.withConnection {
                _ = try $0.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            }
        }
        #expect(error?.isRetryable == true)
        #expect(pool.status.idle == 0)
        let second = try await pool.withConnection { $0.sessionID }
        #expect(first != second)
        await pool.close()
    }

    @Test func `refuses everyone once it is closed`() async throws {
        let pool = makePool(limit: 1)
        let release = DispatchSemaphore(value: 0)
        let holder = await hold(pool, until: release)
        let waiter = Task { try await pool.withConnection { _ in } }
        await until { pool.status.waiting == 1 }
        let closing = Task { await pool.close() }
        #expect(await failure { try await waiter.value }?.kind == .closed)
        release.signal()
        try await holder.value
        await closing.value
        await pool.close()
        #expect(await failure { try await pool.withConnection { _ in } }?.kind == .closed)
        #expect(pool.status.inUse == 0)
        #expect(pool.status.idle == 0)
    }

    @Test func `tells a missing database from a server that is away`() async throws {
        let missing = Pool(database.target.with(database: "absent"))
        let error = await failure { try await missing.withConnection { _ in } }
        #expect(error?.kind == .missingDatabase)
        #expect(error?.sqlState == "3D000")
        #expect(error?.isFatalAtStart == true)
        await missing.close()
        let away = Pool(ConnectionTarget(socketDirectory: "/nonexistent", user: "u", database: "d"))
        #expect(await failure { try await away.withConnection { _ in } }?.kind == .unreachable)
        #expect(away.status.isReachable == false)
        await away.close()
    }

    @Test func `fails fast while the server is away and recovers when it is back`() async throws {
        let cluster = try TemporaryCluster.make()
        defer { cluster.remove() }
        let pool = Pool(cluster.target, PoolConfiguration(limit: 4))
        try await pool.withConnection { _ = try $0.execute("SELECT 1") }
        cluster.kill9()
        let first = await failure { try await pool.withConnection { _ = try $0.execute("SELECT 1") } }
        #expect(first?.isRetryable == true)
        // The connection that broke is gone; the next user finds out that there is no other.
        let second = await failure { try await pool.withConnection { _ = try $0.execute("SELECT 1") } }
        #expect(second?.kind == .unreachable)
        #expect(pool.status.isReachable == false)
        let kinds = await withTaskGroup(of: PostgresError.Kind?.self) { group in
            for _ in 0..<200 {
                group.addTask { await failure { try await pool.withConnection { _ in } }?.kind }
            }
            return await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(kinds == [.unreachable])
        // 200 tasks, and only as many attempts as the pauses allow.
        #expect(pool.status.connectFailures < 20)
        #expect(pool.status.waiting == 0)
        try cluster.start()
        while await failure(of: { try await pool.withConnection { _ = try $0.execute("SELECT 1") } }) != nil {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(pool.status.isReachable == true)
        await pool.close()
    }

    @Test func `a dedicated connection comes back with another session`() async throws {
        let owner = DedicatedConnection(database.target)
        let first = try await owner.withConnection { connection in
            try connection.execute("SELECT pg_advisory_lock(1)")
            return connection.sessionID
        }
        let error = await failure {
            try await owner.withConnection {
                _ = try $0.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            }
        }
        #expect(error?.isRetryable == true)
        let second = try await owner.withConnection { $0.sessionID }
        #expect(second != first)
        owner.close()
        let third = try owner.queue.sync { try owner.onQueue { $0.sessionID } }
        #expect(third != second)
        owner.close()
    }
}
