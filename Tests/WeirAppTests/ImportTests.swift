import API
import Core
import Foundation
import HTTP
import HTTPServer
import Postgres
import TestKit
import Testing

@testable import Import
@testable import Operations
@testable import WeirApp

@Suite(.serialized) struct `An import into a running Weir` {
    private let directory = EmbeddedServer.newDirectory()

    private static let trace = """
        task_id\thash\tname\tattempt\tstatus\texit\tsubmit\tduration\trealtime\t%cpu\tpeak_rss\trchar
        1\tab/cdef12\tWF:ALIGN (S1)\t1\tCOMPLETED\t0\t2026-02-19 19:05:00.412\t3m 2s\t2m 58s\t98.7%\t1.2 GB\t29.8 MB
        2\tab/cdef13\tWF:QC (2)\t1\tFAILED\t137\t2026-02-19 19:05:01.000\t1.5s\t1s\t-\t-\t-
        3\tab/cdef14\tWF:QC (2)\t2\tCOMPLETED\t0\t2026-02-19 19:06:01.000\t120ms\t100ms\t50.0%\t12 MB\t12 B

        """
    private static let runs = [
        #"{"event_id":"e1","run_id":"r1","agent_name":"a","job_type":"j","start_time":"2026-01-01T00:00:00+00:00","#
            + #""status":"running","created_at":"2026-01-01T00:00:00+00:00","record_type":"run"}"#,
        #"{"event_id":"e1","run_id":"r1","agent_name":"a","job_type":"j","start_time":"2026-01-01T00:00:00+00:00","#
            + #""status":"success","end_time":"2026-01-01T01:00:00+00:00","duration_ms":3600000,"#
            + #""metrics_json":"{\"n\": 7}","created_at":null,"record_type":"run"}"#,
        #"{"event_id":"bad","run_id":"r2","agent_name":"a","job_type":"j","start_time":"t","items_failed":-1}"#,
        #"{"event_id":"worse","run_id":"r2","agent_name":7,"job_type":"j","start_time":"t"}"#,
        #"{"event_id":"e2","run_id":"r2","agent_name":"a","job_type":"j","start_time":"t","status":"failed"}"#,
    ].joined(separator: "\n")

    private func write(_ name: String, _ text: String) throws -> String {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let path = directory + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func importing(_ path: String, into weir: EmbeddedServer, token: String? = nil) throws
        -> ImportSummary
    {
        let port = try #require(weir.server.addresses.first { $0.profile == nil }?.port)
        let importer = Importer(
            ImportOptions(paths: [path]),
            transport: server(port, token: token).map(RemoteImportTransport.init),
            progress: { _, _ in },
            wait: { sleep(UInt32($0)) }
        )
        return importer.run()
    }

    private func server(_ port: Int, token: String? = nil) -> RemoteServer? {
        RemoteServer(url: "http://127.0.0.1:\(port)", token: token, timeout: .seconds(120))
    }

    /// What the server tells of workflow runs, without the time of asking.
    private func answers(_ client: HTTPTestClient) throws -> [String] {
        let runs = try JSONDocument(client.get("/api/nextflow/runs").body).root["runs"].flatMap {
            Array($0.elements).first
        }
        let run = "/api/nextflow/runs/\(runs?["run_id"]?.string ?? "")/\(runs?["run_name"]?.string ?? "")"
        let paths = [
            "/api/nextflow/runs", run, run + "/tasks", "/metrics/processes/retries?min_samples=1",
            "/metrics/processes/resources-by-attempt?min_samples=1",
            "/metrics/processes/failures?min_samples=1",
            "/metrics/processes/failure-signatures?min_samples=1",
        ]
        return try paths.map { path in
            let answer = try client.get(path)
            #expect(answer.status == 200, "\(path)")
            let varying = #/"(generated_at_utc|last_received_at|last_received_utc)":"[^"]*",?/#
            return answer.text.replacing(varying, with: "")
        }
    }

    @Test func `of a trace file changes nothing the second time, even long afterwards`() async throws {
        let database = try TemporaryDatabase.make()
        let weir = try await EmbeddedServer.start(databaseURL: database.target.unmaskedURL)
        let client = try weir.client()
        let path = try write("trace.txt", Self.trace)
        #expect(try importing(path, into: weir).weblog.created == 5)
        let first = try answers(client)
        #expect(first[0].contains(#""state":"succeeded""#) && first[0].contains(#""run_name":"trace""#))
        #expect(first[3].contains(#""process":"WF:QC""#))
        #expect(first[4].contains(#""process":"WF:ALIGN""#))

        // Within ten minutes the same bodies are known as resends.
        #expect(try importing(path, into: weir).weblog.created == 5)
        #expect(try answers(client) == first)
        #expect(try rows(database) == 5)

        // Longer ago, they are new events of the same completions.
        try Connection.withTemporary(database.target) {
            _ = try $0.executeScript("DELETE FROM recent_digest")
        }
        #expect(try importing(path, into: weir).weblog.created == 5)
        #expect(try answers(client) == first)
        #expect(try rows(database) == 10)
        await weir.stop()
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Events that count, as the summary counts them.
    private func rows(_ database: TemporaryDatabase) throws -> Int64? {
        try Connection.withTemporary(database.target) { connection in
            try connection.execute("SELECT count(*) FROM telemetry WHERE NOT is_resend").first?.int64(0)
        }
    }

    @Test func `of recorded runs keeps starts and ends, and refuses single ones`() async throws {
        let weir = try await EmbeddedServer.start()
        let path = try write("events_20260101.ndjson", Self.runs)
        for isFirst in [true, false] {
            let summary = try importing(path, into: weir)
            #expect(summary.runs.created == (isFirst ? 2 : 0))
            #expect(summary.runs.alreadyThere == (isFirst ? 1 : 3))
            #expect(summary.runs.refused == 2 && summary.exitCode == 1)
            #expect(summary.runs.reasons.contains("worse: agent_name: Input should be a valid string"))
            #expect(
                summary.runs.reasons.contains { $0.hasPrefix("bad: ") && $0.contains("items_failed >= 0") }
            )
        }
        let run = try JSONDocument(weir.client().get("/api/v1/runs/e1").body).root
        #expect(run["status"]?.string == "success")
        #expect(run["end_time"]?.string == "2026-01-01T01:00:00+00:00")
        #expect(run["metrics_json"]?["n"]?.int64 == 7)
        await weir.stop()
        try? FileManager.default.removeItem(atPath: directory)
    }

    @Test func `needs a token where there is one`() async throws {
        let weir = try await EmbeddedServer.start {
            $0.tokens = [AccessToken(name: "t", secret: "in", scopes: [.ingest])]
        }
        let path = try write("events_20260101.ndjson", Self.runs)
        #expect(try importing(path, into: weir).failure == .refusedCredentials(status: 401))
        #expect(try importing(path, into: weir, token: "in").runs.created == 2)
        await weir.stop()
        try? FileManager.default.removeItem(atPath: directory)
    }

    @Test func `hears how long to wait while the database is away`() async throws {
        let weir = try await EmbeddedServer.start(databaseURL: "postgresql://nobody@127.0.0.1:1/none")
        let port = try #require(weir.server.addresses.first { $0.profile == nil }?.port)
        let transport = RemoteImportTransport(try #require(server(port)))
        let runs = "[" + Self.runs.split(separator: "\n")[0] + "]"
        let answer = try transport.post("/api/v1/runs/batch", Array(runs.utf8))
        #expect(answer.status == 503 && answer.retryAfterSeconds == 1)
        await weir.stop()
    }

    @Test func `by the command ends with 0, 1 and 2`() async throws {
        let weir = try await EmbeddedServer.start(listen: "127.0.0.1:0")
        let port = try #require(weir.server.addresses.first?.port)
        let trace = try write("trace.txt", Self.trace)
        let runs = try write("runs.ndjson", Self.runs)
        let url = ["--url", "http://127.0.0.1:\(port)/"]

        let good = try Executable.run(["import", trace, "--run-name", "mine"] + url)
        #expect(good.status == 0 && good.errors.isEmpty, "\(good.errors)")
        #expect(good.output.contains("events sent    5\n"))
        #expect(try weir.client().get("/api/nextflow/runs").text.contains(#""run_name":"mine""#))

        let refused = try Executable.run(["import", runs, trace] + url)
        #expect(refused.status == 1)
        #expect(refused.output.contains("created        2\n") && refused.output.contains("  refused: bad: "))

        let short = try write("short.txt", Self.trace + "4\tab/cdef15\n")
        let words = "short.txt line 5 has 2 columns, the header has 12\n"
        let faulty = try Executable.run(["import", short] + url)
        #expect(faulty.status == 1 && faulty.output.contains(words), "\(faulty.output)")
        let quiet = try Executable.run(["import", short, "--quiet"] + url)
        #expect(quiet.status == 1 && quiet.output.isEmpty && quiet.errors.hasSuffix(words))
        let silent = try Executable.run(["import", trace, "--quiet"] + url)
        #expect(silent.status == 0 && silent.output.isEmpty && silent.errors.isEmpty)
        let json = try Executable.run(["import", short, "--json"] + url)
        #expect(json.status == 1 && json.output.hasPrefix(#"{"exit_code":1,"#))

        let unreadable = try Executable.run(["import", directory + "/missing", trace] + url)
        #expect(unreadable.status == 2)
        #expect(unreadable.output.contains("missing cannot be read: No such file or directory"))

        await weir.stop()
        let gone = try Executable.run(["import", runs] + url)
        #expect(gone.status == 1)
        #expect(gone.errors.hasPrefix("weir: no answer from http://127.0.0.1:\(port): nobody answers there"))
        #expect(try Executable.run(["import", runs, "--dry-run"] + url).status == 0)
        try? FileManager.default.removeItem(atPath: directory)
    }

    @Test(arguments: [
        ["import"], ["import", "x", "--url", "ftp://h"], ["import", "x", "--batch-size", "0"],
        ["import", "x", "--timezone-offset", "CET"], ["import", "x", "--format", "csv"],
        ["import", "x", "--token", ""], ["import", "x", "--separator", "ab"],
    ])
    func `refuses wrong usage`(arguments: [String]) throws {
        #expect(try Executable.run(arguments).status == 64)
    }

    @Test(
        arguments: [
            ("http://h", true), ("https://h:8443/ingest/token/", true), ("HTTPS://[::1]:1", true),
            ("ftp://h", false),
            ("h:8000", false), ("http://", false), ("http://:80", false), ("http://a@h", false),
            ("http://h/?a=b", false), ("http://h/#a", false), ("http://h/ x", false),
        ] as [(String, Bool)]
    )
    func `takes servers by HTTP and HTTPS`(url: String, isTaken: Bool) {
        #expect((RemoteServer(url: url, token: nil, timeout: .seconds(1)) != nil) == isTaken)
        #expect(RemoteServer(url: "http://h", token: "a b", timeout: .seconds(1)) == nil)
    }
}
