import Core
import Foundation
import Testing

@testable import Import

@Suite struct `Databases of the run-tracking service` {
    @Test func `bring every column of a row, as the API wants it`() throws {
        let folder = try Folder()
        let database = try WritableDatabase(folder.file("telemetry.sqlite")).run(
            WritableDatabase.serviceTable
        )
        try database.run(
            """
            INSERT INTO agent_runs VALUES (7, 'event-7', 'run-7', 7, '2026-01-02T03:04:05.000006+00:00',
                '2026-01-02 03:04:05', '2026-01-02T03:04:05+00:00', '2026-01-02T03:05:05+00:00', 'über "agent"',
                'owner', 'job', 'success', 5, 1, 2, 60000, 's3://in', NULL, 'mira', '', '{"a": 1e3, "b": [null]}',
                ' ', 1, 3, NULL)
            """
        )
        let server = StubServer()
        let summary = folder.importing(into: server)
        #expect(summary.runsRead == 1 && summary.runs.created == 1 && summary.exitCode == 0)
        let run = try #require(server.runs["event-7"])
        #expect(
            String(decoding: run.rawBytes, as: UTF8.self) == #"""
                {"event_id":"event-7","run_id":"run-7","created_at":"2026-01-02T03:04:05.000006+00:00",\#
                "start_time":"2026-01-02T03:04:05+00:00","end_time":"2026-01-02T03:05:05+00:00",\#
                "agent_name":"über \"agent\"","agent_owner":"owner","job_type":"job","status":"success",\#
                "items_discovered":5,"items_failed":1,"items_skipped":2,"duration_ms":60000,\#
                "source_ref":"s3://in","git_commit_author":"mira","environment":"",\#
                "metrics_json":{"a": 1e3, "b": [null]},"api_posted":true,"api_retry_count":3}
                """#
        )
    }

    @Test func `of the library get ids and a job type, the same ones at every import`() throws {
        let folder = try Folder()
        try WritableDatabase(folder.file("telemetry.sqlite")).run(WritableDatabase.libraryTable).run(
            """
            INSERT INTO agent_runs VALUES
                ('run-1', NULL, 7, NULL, '2025-01-01T00:00:00+00:00', 'a', NULL, 'success', 0, '[1, 2]'),
                ('run-2', '', 7, '2025-02-01', '2025-01-01', 'a', 'j', 'failure', NULL, 'null'),
                ('run-3', 'event-3', 7, '2025-02-01', '2025-01-01', 'a', 'j', 'success', NULL, '{')
            """
        )
        let server = StubServer()
        let summary = folder.importing(into: server) { $0.jobType = "old" }
        #expect(summary.runs.created == 3 && summary.derivedIDs == 2 && summary.textsKept == 2)
        // Half of what `printf run-1 | sha256sum` says.
        let first = try #require(server.runs["import-4e65d3fbe8ad6535681b021b30785b12"])
        #expect(first["created_at"]?.string == "2025-01-01T00:00:00+00:00")
        #expect(first["job_type"]?.string == "old")
        #expect(first["metrics_json"]?["text"]?.string == "[1, 2]")
        #expect(try #require(server.run("run-2"))["metrics_json"] == nil)
        #expect(try #require(server.runs["event-3"])["metrics_json"]?["text"]?.string == "{")
        #expect(folder.importing(into: server).runs.alreadyThere == 3)
    }

    @Test func `of older schema versions bring what they have`() throws {
        let folder = try Folder()
        try WritableDatabase(folder.file("old.db")).run(
            """
            CREATE TABLE agent_runs (run_id TEXT, agent_name TEXT, start_time TEXT, status TEXT, extra TEXT);
            INSERT INTO agent_runs VALUES ('r', 'a', '2024-01-01', 'success', 'x'), (NULL, 'a', '2024', 'success', 'y')
            """
        )
        let server = StubServer()
        let summary = folder.importing(into: server)
        #expect(summary.runs.created == 1 && summary.faults.counts == [.noID: 1] && summary.exitCode == 1)
        #expect(try #require(server.run("r"))["extra"] == nil)
    }

    @Test(arguments: [0, 1, 499, 500, 501, 1501])
    func `are read to their end in batches`(count: Int) throws {
        let folder = try Folder()
        let database = try WritableDatabase(folder.file("telemetry.sqlite")).run(
            WritableDatabase.serviceTable
        )
        try database.addRuns(count)
        try database.run("DELETE FROM agent_runs WHERE id % 7 = 3")
        let left = count - (count + 4) / 7
        let server = StubServer()
        let summary = folder.importing(into: server) { $0.batchSize = 200 }
        #expect(summary.runsRead == left && server.runs.count == left)
        #expect(server.requests.count == (left + 199) / 200)
    }

    @Test func `refuse single rows without disturbing others, and say why`() throws {
        let folder = try Folder()
        let database = try WritableDatabase(folder.file("telemetry.sqlite")).run(
            WritableDatabase.libraryTable
        )
        try database.run(
            """
            INSERT INTO agent_runs (run_id, event_id, start_time, agent_name, items_failed) VALUES
                ('r1', 'e1', 't', 'a', 1), ('r2', 'e2', 't', 'a', -1), ('r3', 'e3', 't', 'a', 1)
            """
        )
        let server = StubServer()
        let summary = folder.importing(into: server)
        #expect(summary.runs.created == 2 && summary.runs.refused == 1 && summary.exitCode == 1)
        #expect(summary.runs.reasons == ["e2: CHECK constraint failed: items_failed >= 0"])
    }

    @Test func `in WAL mode are read with their log, and nothing is changed`() throws {
        let source = try Folder()
        let database = try WritableDatabase(source.file("live")).run("PRAGMA journal_mode = wal")
        try database.run(WritableDatabase.serviceTable).addRuns(10)
        let folder = try Folder()
        try folder.write("telemetry.sqlite", source.bytes("live"))
        try folder.write("telemetry.sqlite-wal", source.bytes("live-wal"))
        let before = try (folder.bytes("telemetry.sqlite"), folder.bytes("telemetry.sqlite-wal"))
        #expect(folder.importing(into: StubServer()).runs.created == 10)
        #expect(try folder.bytes("telemetry.sqlite") == before.0)
        #expect(try folder.bytes("telemetry.sqlite-wal") == before.1)
        // While the service has the file open, too.
        #expect(source.importing(into: StubServer()).runs.created == 10)
    }

    @Test func `in WAL mode without a log are read without leaving files beside them`() throws {
        let folder = try Folder()
        do {
            let database = try WritableDatabase(folder.file("a b?c%.sqlite")).run("PRAGMA journal_mode = wal")
            try database.run(WritableDatabase.serviceTable).addRuns(10)
        }
        #expect(folder.names == ["a b?c%.sqlite"])
        #expect(folder.importing(into: StubServer()).runs.created == 10)
        #expect(folder.names == ["a b?c%.sqlite"])
    }

    @Test func `with a change that was cut short are read as they were before it, and stay as they are`()
        throws
    {
        let source = try Folder()
        let database = try WritableDatabase(source.file("live")).run(WritableDatabase.serviceTable)
        try database.addRuns(300)
        // With hardly any cache the changed pages go into the file before the commit.
        try database.run("PRAGMA cache_size = 1; BEGIN; UPDATE agent_runs SET agent_name = 'half'")
        let folder = try Folder()
        try folder.write("telemetry.sqlite", source.bytes("live"))
        try folder.write("telemetry.sqlite-journal", source.bytes("live-journal"))
        let before = try folder.bytes("telemetry.sqlite")
        #expect(String(decoding: before, as: UTF8.self).contains("half"))
        let server = StubServer()
        let summary = folder.importing(into: server)
        #expect(summary.runs.created == 300, "\(summary.lines)")
        #expect(server.runs.values.allSatisfy { $0["agent_name"]?.string == "agent" })
        #expect(try folder.bytes("telemetry.sqlite") == before)
        #expect(folder.names == ["telemetry.sqlite", "telemetry.sqlite-journal"])
    }

    @Test func `that are damaged bring what can be read, and end with 2`() throws {
        let folder = try Folder()
        do {
            let database = try WritableDatabase(folder.file("whole")).run(WritableDatabase.serviceTable)
            try database.addRuns(2000)
        }
        var bytes = try folder.bytes("whole")
        let half = bytes.count / 2
        bytes.replaceSubrange(half..<half + 40_000, with: repeatElement(0xFF, count: 40_000))
        let damaged = try folder.write("damaged", bytes)
        let server = StubServer()
        let summary = folder.importing(damaged, into: server)
        #expect(summary.exitCode == 2)
        #expect(
            summary.failedFiles.first?.contains("is damaged or in use: database disk image is malformed")
                == true
        )
        #expect(summary.runs.created == summary.runsRead && server.runs.count < 2000)
    }

    @Test func `that are none of them say so`() throws {
        let folder = try Folder()
        try WritableDatabase(folder.file("other.db")).run("CREATE TABLE t (x)")
        try WritableDatabase(folder.file("alike.db")).run("CREATE TABLE agent_runs (x)")
        try folder.write("head.db", "SQLite format 3\0" + String(repeating: "x", count: 100))
        try folder.write("text.txt", "hello\nworld\n")
        try folder.write("empty", "")
        let summary = folder.importing(into: StubServer())
        #expect(summary.files == 3 && summary.failedFiles.count == 3 && summary.exitCode == 2)
        #expect(
            summary.lines.contains {
                $0.hasSuffix(
                    "other.db has no table agent_runs: it is no database of the run-tracking service "
                        + "(its tables: t)"
                )
            }
        )
        #expect(summary.lines.contains { $0.contains("head.db is damaged or in use: ") })
        #expect(summary.skippedFiles.count == 2)
        #expect(folder.importing(folder.file("text.txt"), into: StubServer()).exitCode == 2)
        #expect(folder.importing(folder.file("missing"), into: StubServer()).exitCode == 2)
        #expect(folder.importing(folder.file("empty"), into: StubServer()).exitCode == 0)
    }
}

extension StubServer {
    /// The run of a run id.
    func run(_ runID: String) -> JSONNode? { runs.values.first { $0["run_id"]?.string == runID } }
}
