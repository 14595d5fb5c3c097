import Foundation
import Postgres
import TestKit
import Testing

/// The promise: nothing acknowledged is lost, nothing is applied twice.
@Suite(.serialized) struct `Whatever happens` {
    /// Waits until all acknowledged tasks are rows, and checks that each is one, and only one.
    private static func expectExactlyOnce(_ acknowledged: [String], _ target: ConnectionTarget) async throws {
        let wanted = Set(acknowledged)
        let end = ContinuousClock.now + .seconds(60)
        var found: Set<String> = []
        while ContinuousClock.now < end {
            found = Set(try target.rows("SELECT task_id FROM task"))
            if wanted.isSubset(of: found) { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(wanted.subtracting(found).isEmpty, "acknowledged and lost")
        #expect(acknowledged.count == wanted.count)
        let doubled = """
            SELECT trace->>'task_id' FROM telemetry WHERE NOT is_resend GROUP BY 1 HAVING count(*) > 1
            """
        #expect(try target.rows(doubled) == [])
        #expect(
            try target.rows("SELECT seq FROM telemetry GROUP BY journal_id, seq HAVING count(*) > 1") == []
        )
        #expect(
            try target.rows("SELECT sum(rows)::text FROM completion_rollup WHERE grain = 'day'")
                == target.rows("SELECT count(*)::text FROM completion")
        )
    }

    @Test func `kill -9 under load, again and again, loses and doubles nothing`() async throws {
        let database = try TemporaryDatabase.make()
        let directory = TemporaryDirectory()
        var acknowledged: [String] = []
        for round in 1...5 {
            let weir = try WeirProcess(
                dataDirectory: directory.path,
                environment: ["DATABASE_URL": database.target.unmaskedURL]
            )
            let client = try await weir.ready()
            let senders = Senders(8, to: client.address, prefix: "round\(round)")
            try await senders.reach(100 * round)
            await weir.kill9()
            await senders.stop()
            #expect(senders.refused == [])
            acknowledged += senders.acknowledged
        }
        let weir = try WeirProcess(
            dataDirectory: directory.path,
            environment: ["DATABASE_URL": database.target.unmaskedURL]
        )
        _ = try await weir.ready()
        try await Self.expectExactlyOnce(acknowledged, database.target)
        #expect(await weir.terminate() == 0)
    }

    @Test(arguments: ["loader.before-commit:2", "journal.after-segment-created:1"])
    func `killed between COPY and COMMIT or in a roll, it applies everything once`(
        point: String
    ) async throws {
        let database = try TemporaryDatabase.make()
        let directory = TemporaryDirectory()
        let environment = [
            "DATABASE_URL": database.target.unmaskedURL, "WEIR_JOURNAL_SEGMENT": "1MiB",
        ]
        let doomed = try WeirProcess(
            dataDirectory: directory.path,
            environment: environment.merging(["WEIR_FAULT_POINT": point]) { $1 }
        )
        let senders = Senders(8, to: try await doomed.ready().address, prefix: "doomed")
        #expect(await doomed.ended() == SIGKILL)
        await senders.stop()
        #expect(senders.refused == [])
        #expect(!senders.acknowledged.isEmpty)
        // What was copied and not committed is not there, nor does the position count it. Other streams have no rows.
        let agree = """
            SELECT (SELECT count(*) FROM telemetry) = (SELECT seq FROM journal_position WHERE stream = 'nextflow')
            """
        #expect(try database.target.rows(agree) == ["t"])

        let weir = try WeirProcess(dataDirectory: directory.path, environment: environment)
        let after = Senders(2, to: try await weir.ready().address, prefix: "after")
        try await after.reach(20)
        await after.stop()
        try await Self.expectExactlyOnce(senders.acknowledged + after.acknowledged, database.target)
        #expect(await weir.terminate() == 0)
    }

    @Test func `PostgreSQL goes away and comes back under load, and every event is acknowledged`()
        async throws
    {
        let cluster = try TemporaryCluster.make()
        defer { cluster.remove() }
        let directory = TemporaryDirectory()
        let weir = try WeirProcess(
            dataDirectory: directory.path,
            environment: ["DATABASE_URL": cluster.target.unmaskedURL]
        )
        let client = try await weir.ready()
        let senders = Senders(8, to: client.address, prefix: "outage")
        try await senders.reach(200)
        cluster.kill9()
        try await senders.reach(senders.acknowledged.count + 500)
        let away = try client.get("/api/nextflow/runs")
        #expect(away.status == 503)
        #expect(away["Retry-After"] != nil)
        #expect(try client.get("/health").status == 200)
        #expect(try client.get("/ready").status == 503)
        try cluster.start()
        try await senders.reach(senders.acknowledged.count + 200)
        await senders.stop()

        #expect(senders.refused == [])
        try await Self.expectExactlyOnce(senders.acknowledged, cluster.target)
        #expect(await weir.terminate() == 0)
    }

    @Test func `it starts without PostgreSQL, takes events, and stores them when it comes`() async throws {
        let cluster = try TemporaryCluster.make()
        defer { cluster.remove() }
        try cluster.stop()
        let directory = TemporaryDirectory()
        let weir = try WeirProcess(
            dataDirectory: directory.path,
            environment: ["DATABASE_URL": cluster.target.unmaskedURL]
        )
        let client = try await weir.ready()
        let senders = Senders(2, to: client.address, prefix: "early")
        try await senders.reach(50)
        await senders.stop()
        try cluster.start()
        let end = ContinuousClock.now + .seconds(60)
        while try client.get("/ready").status != 200, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(50))
        }

        try await Self.expectExactlyOnce(senders.acknowledged, cluster.target)
        #expect(await weir.terminate() == 0)
    }

    @Test func `two Weirs share a database`() async throws {
        let database = try TemporaryDatabase.make()
        let directories = [TemporaryDirectory(), TemporaryDirectory()]
        let weirs = try directories.map { directory in
            try WeirProcess(
                dataDirectory: directory.path,
                environment: ["DATABASE_URL": database.target.unmaskedURL]
            )
        }
        var acknowledged: [String] = []
        var senders: [Senders] = []
        for (index, weir) in weirs.enumerated() {
            let client = try await weir.ready()
            senders.append(Senders(4, to: client.address, prefix: "weir\(index)"))
        }
        for sender in senders {
            try await sender.reach(300)
            await sender.stop()
            acknowledged += sender.acknowledged
        }

        try await Self.expectExactlyOnce(acknowledged, database.target)
        for weir in weirs { #expect(await weir.terminate() == 0) }
    }

    @Test func `a full replay gives what was loaded live`() async throws {
        let (live, rebuilt) = (try TemporaryDatabase.make(), try TemporaryDatabase.make())
        let directory = TemporaryDirectory()
        let weir = try WeirProcess(
            dataDirectory: directory.path,
            environment: ["DATABASE_URL": live.target.unmaskedURL]
        )
        let client = try await weir.ready()
        let senders = Senders(4, to: client.address, prefix: "replay")
        try await senders.reach(200)
        await senders.stop()
        try await Self.expectExactlyOnce(senders.acknowledged, live.target)
        #expect(await weir.terminate() == 0)

        let replay = try WeirProcess(
            dataDirectory: directory.path,
            environment: ["DATABASE_URL": rebuilt.target.unmaskedURL],
            arguments: ["replay", "--journal", directory.path]
        )
        #expect(await replay.ended() == 0, "\(replay.errorText)")
        let tables = "SELECT t::text FROM (TABLE task) t ORDER BY 1"
        #expect(try rebuilt.target.rows(tables) == live.target.rows(tables))
        let rollups = "SELECT t::text FROM (TABLE completion_rollup) t ORDER BY 1"
        #expect(try rebuilt.target.rows(rollups) == live.target.rows(rollups))
    }
}
