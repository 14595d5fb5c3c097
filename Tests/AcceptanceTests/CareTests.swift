import Foundation
import Postgres
import TestKit
import Testing

/// Backup, restore, retention and the care of abandoned runs, by the commands that an operator types.
@Suite(.serialized) struct `An operator who takes care` {
    /// Weir's commands with the settings of one place.
    private struct Place {
        let directory = TemporaryDirectory()
        let environment: [String: String]
        let target: ConnectionTarget
        private let holder: TemporaryDatabase

        init() throws {
            holder = try TemporaryDatabase.make()
            target = holder.target
            environment = [
                "DATABASE_URL": target.unmaskedURL, "WEIR_DATA_DIR": directory.path,
                "WEIR_BACKUP_MIN_FREE": "0",
            ]
        }

        var data: String { directory.path }
        var copies: String { directory.path + "/backups" }

        func serve(_ settings: [String: String] = [:]) throws -> WeirProcess {
            try WeirProcess(dataDirectory: data, environment: environment.merging(settings) { $1 })
        }

        func run(_ line: String) async -> Shell.Outcome {
            await Shell(environment).run(line)
        }

        func rows(_ sql: String) throws -> [String] { try target.rows(sql) }

        /// The path of the copy that is called so.
        func copy(where isMeant: (String) -> Bool = { !$0.hasPrefix("pre_") && !$0.hasPrefix(".") }) throws
            -> String
        {
            let names = try FileManager.default.contentsOfDirectory(atPath: copies).filter(isMeant)
            return copies + "/" + (try #require(names.sorted().last))
        }
    }

    private static func run(
        _ id: String,
        created: String = "2026-01-01T00:00:00Z",
        status: String = "running"
    )
        -> String
    {
        """
        {"event_id":"\(id)","run_id":"r","start_time":"2026-01-01T00:00:00Z","agent_name":"a","job_type":"j",\
        "created_at":"\(created)","status":"\(status)"}
        """
    }

    private static func event(_ id: String) -> String {
        #"{"runId":"\#(id)","runName":"n","event":"started","utcTime":"2026-01-01T00:00:00Z"}"#
    }

    private static let everything = """
        SELECT (SELECT count(*) FROM telemetry), (SELECT count(DISTINCT run_id) FROM telemetry),
               (SELECT string_agg(event_id || '=' || status, ',' ORDER BY event_id) FROM agent_run),
               (SELECT sum(runs) FROM agent_run_tally WHERE facet = 'agent_name')
        """

    @Test func `restores a copy, and the journal brings what came after it, each thing once`() async throws {
        let place = try Place()
        let first = try place.serve()
        let client = try await first.ready()
        for number in 1...20 {
            #expect(try client.post("/telemetry", json: Self.event("before\(number)")).status == 200)
        }
        #expect(try client.post("/api/v1/runs", json: Self.run("e1")).status == 201)
        #expect(try client.get("/api/nextflow/runs").status == 200)
        // While it serves.
        let backup = await place.run("weir backup --quiet --verify full")
        #expect(backup.exitCode == 0, "\(backup.output)")
        let copy = try place.copy()
        for number in 1...30 {
            #expect(try client.post("/telemetry", json: Self.event("after\(number)")).status == 200)
        }
        #expect(try client.post("/api/v1/runs", json: Self.run("e2")).status == 201)
        let patch = Array(#"{"status":"success"}"#.utf8)
        let fields = [("Content-Type", "application/json")]
        #expect(try client.send("PATCH", "/api/v1/runs/e1", fields: fields, body: patch).status == 200)
        #expect(try client.get("/api/nextflow/runs").status == 200)
        let all = try place.rows(Self.everything)
        #expect(all == ["50|50|e1=success,e2=running|2"])

        // A server on this database, or only on this data directory, keeps a restore out.
        let elsewhere = "WEIR_DATA_DIR=$WEIR_DATA_DIR-other weir restore --yes \(copy)"
        for line in ["weir restore --yes \(copy)", elsewhere] {
            let refused = await place.run(line)
            #expect(refused.exitCode == 1 && refused.output.contains("in use"), "\(refused.output)")
        }
        try? FileManager.default.removeItem(atPath: place.data + "-other")
        #expect(await first.terminate() == 0)

        let unsure = await place.run("echo no | weir restore \(copy)")
        #expect(unsure.exitCode == 2, "\(unsure.output)")
        #expect(try place.rows(Self.everything) == all)

        let restored = await place.run("weir restore --yes \(copy)")
        #expect(restored.exitCode == 0, "\(restored.output)")
        #expect(try place.rows(Self.everything) == ["20|20|e1=running|1"])
        _ = try place.copy { $0.hasPrefix("pre_restore_") }

        let second = try place.serve()
        _ = try await second.ready()
        try await eventually { try place.rows(Self.everything) == all }
        #expect(await second.terminate() == 0)
        #expect(try place.rows(Self.everything) == all)
        #expect(try place.rows("SELECT count(DISTINCT journal_id) FROM journal_position") == ["1"])
        #expect(await place.run("weir restore --discard --yes").exitCode == 0)
    }

    @Test func `takes a restore back by exchanging two names`() async throws {
        let place = try Place()
        #expect(await place.run("weir migrate && weir backup -q").exitCode == 0)
        try Connection.withTemporary(place.target) {
            _ = try $0.executeScript("CREATE TABLE kept AS SELECT 1 AS n")
        }
        let restored = try await place.run("weir restore --yes \(place.copy())")
        #expect(restored.exitCode == 0, "\(restored.output)")
        #expect(try place.rows("SELECT to_regclass('kept') IS NULL") == ["t"])
        #expect(await place.run("weir restore --rollback </dev/null").exitCode == 2)
        #expect(await place.run("weir restore --rollback --yes").exitCode == 0)
        #expect(try place.rows("SELECT n FROM kept") == ["1"])
        let nothing = await place.run("weir restore --rollback --yes")
        #expect(nothing.exitCode == 1 && nothing.output.contains("nothing to go back to"))
        #expect(await place.run("weir restore --discard --yes").output.contains("dropped"))
        #expect(await place.run("weir restore --discard --yes").output.contains("nothing was set aside"))
    }

    @Test func `is told that a copy is damaged before anything is touched`() async throws {
        let place = try Place()
        #expect(await place.run("weir migrate && weir backup -q").exitCode == 0)
        let dump = URL(filePath: try place.copy() + "/weir.dump")
        var bytes = try Data(contentsOf: dump)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: dump)
        let refused = try await place.run("weir restore --yes \(place.copy())")
        #expect(refused.exitCode == 1 && refused.output.contains("damaged"), "\(refused.output)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.copies).count == 2)
        let nowhere = await place.run("weir restore --yes /nonexistent")
        #expect(nowhere.exitCode == 1 && nowhere.output.contains("/nonexistent"))
    }

    @Test func `deletes old runs now, after a look and a question`() async throws {
        let place = try Place()
        let weir = try place.serve()
        let client = try await weir.ready()
        let runs = (1...25).map { Self.run("old\($0)") } + [Self.run("new", created: "2199-01-01T00:00:00Z")]
        let batch = "[\(runs.joined(separator: ","))]"
        #expect(try client.post("/api/v1/runs/batch", json: batch).status == 200)
        let count = "SELECT count(*) FROM agent_run"

        let look = await place.run("weir retain --runs-older-than 30d --dry-run")
        #expect(look.exitCode == 0 && look.output.contains("25 older than"), "\(look.output)")
        #expect(await place.run("weir retain --runs-older-than 30d </dev/null").exitCode == 2)
        #expect(try place.rows(count) == ["26"])
        let done = await place.run("weir retain --runs-older-than 30d --batch-size 10 --yes")
        #expect(done.exitCode == 0 && done.output.contains("25 deleted in 3 batches"), "\(done.output)")
        #expect(try place.rows(count) == ["1"])
        let again = await place.run("weir retain --runs-older-than 30d --yes")
        #expect(again.exitCode == 0 && again.output.contains("nothing to delete"))
        #expect(await place.run("weir retain --runs-older-than 1h --yes").exitCode == 64)
        #expect(await place.run("weir audit --only agents").output.contains("a         1"))
        #expect(await weir.terminate() == 0)
    }

    @Test func `ends abandoned runs of an agent over HTTP, on more than one page`() async throws {
        let place = try Place()
        // Pages end by their bytes, long before their limit of rows.
        let weir = try place.serve(["WEIR_MAX_PAGE_BYTES": "64KiB"])
        let client = try await weir.ready()
        guard case .tcp(_, let port) = client.address else { return }
        let runs = (1...1005).map { Self.run("old\($0)") } + [Self.run("done", status: "success")]
        let batch = "[\(runs.joined(separator: ","))]"
        #expect(try client.post("/api/v1/runs/batch", json: batch).status == 200)
        let command = "weir runs cleanup-stale --agent a --url http://127.0.0.1:\(port)"
        let look = await place.run("\(command) --dry-run | tail -n 1")
        #expect(look.output.contains("found 1005, cleaned 0, failed 0"), "\(look.output)")
        let done = await place.run(command)
        #expect(done.output.contains("found 1005, cleaned 1005, failed 0"), "\(done.output)")
        let statuses = "SELECT status, count(*) FROM agent_run GROUP BY 1 ORDER BY 1"
        #expect(try place.rows(statuses) == ["cancelled|1005", "success|1"])
        let summary = "SELECT DISTINCT error_summary FROM agent_runs WHERE status = 'cancelled'"
        #expect(
            try place.rows(summary)
                == ["Stale run cleaned up on startup (created at 2026-01-01T00:00:00Z)"]
        )
        #expect(await weir.terminate() == 0)
        let away = await place.run(command)
        #expect(away.exitCode == 1 && away.output.contains("no answer from"), "\(away.output)")
    }

    @Test func `asks a server that ignores the offset no more than twice`() async throws {
        let body = #"[{"event_id":"a","created_at":"2026-01-01T00:00:00Z"}]"#
        let stub = try StubListener(
            "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
        )
        let command = "timeout 20 weir runs cleanup-stale --agent a --dry-run --url \(stub.url)"
        let look = await Shell([:]).run(command)
        #expect(look.exitCode == 0 && look.output.contains("found 1, cleaned 0, failed 0"), "\(look.output)")
        #expect(stub.connections() == 2)
    }
}
