import API
import Core
import Foundation
import Import
import Postgres
import TestKit
import Testing

@testable import WeirApp

/// What `WEIR_REDACT` names is masked before anything is written, whatever way it came.
@Suite(.serialized) struct `Redaction` {
    private static let run =
        #""run_id":"r","agent_name":"a","job_type":"j","start_time":"2026-01-01T00:00:00Z""#
    private static let event =
        #""runId":"x","runName":"n","event":"started","utcTime":"2026-01-01T00:00:00Z""#

    /// Every way in, with a secret in each place where one can stand.
    private static let requests: [(method: String, target: String, body: String)] = [
        (
            "POST", "/telemetry",
            "{\(event),\"metadata\":{\"pass_word\":\"HUNTER-1\",\"x\":[{\"PASSWORD\":\"HUNTER-2\"}]}}"
        ),
        (
            "POST", "/weblog",
            "{\(event),\"passWord\":{\"a\":\"HUNTER-3\"},\"text\":\"{\\\"password\\\":\\\"HUNTER-4\\\"}\"}"
        ),
        (
            "POST", "/api/v1/runs",
            "{\"event_id\":\"e1\",\(run),\"context_json\":{\"pass-word\":\"HUNTER-5\"},\"unknown\":{\"password\":\"HUNTER-6\"}}"
        ),
        (
            "POST", "/api/v1/runs/",
            "{\"event_id\":\"e2\",\(run),\"metrics_json\":\"{\\\"pass\\u0077ord\\\":\\\"HUNTER-7\\\"}\",\"password\":\"HUNTER-8\"}"
        ),
        (
            "POST", "/api/v1/runs/batch",
            "[{\"event_id\":\"e3\",\(run),\n\"metrics_json\":{\"l\":[{\"Password\":\"HUNTER-9\"}]}}]"
        ),
        (
            "POST", "/ingest/in/api/v1/runs/batch",
            "{\"runs\":[{\"event_id\":\"e4\",\(run),\"context_json\":\"\\n{\\\"a\\\":{\\\"password\\\":\\\"HUNTER-10\\\"}}\"}]}"
        ),
        (
            "PATCH", "/api/v1/runs/e1",
            #"{"metrics_json":{"p\u0061ssword":"HUNTER-11"},"password":["HUNTER-12"]}"#
        ),
        (
            "POST", "/api/v1/runs/e1/associate-commit",
            #"{"commit_hash":"abc1234","commit_source":"ci","PASS_WORD":"HUNTER-13"}"#
        ),
        (
            "PUT", "/tower/trace/abc/begin",
            #"{"workflow":{"sessionId":"x","runName":"n","params":{"password":"HUNTER-14"},"configText":"db {\n  password = 'HUNTER-15'\n}\r\nx = [user:'u', password:'HUNTER-18']"}}"#
        ),
        ("PUT", "/tower/trace/abc/progress", #"{"tasks":[{"taskId":1,"pcpu":,"password":"HUNTER-16"}]}"#),
        ("PUT", "/tower/trace/abc/progress", #"{"tasks":[{"password":"HUNTER-17"#),
    ]

    private static func configure(_ settings: inout Settings) {
        settings.redactedKeys = ["password"]
        settings.tokens = [AccessToken(name: "t", secret: "in", scopes: [.ingest, .read])]
    }

    /// All that was written, as the files of the journal and the tables of the database have it.
    private static func written(_ weir: EmbeddedServer, _ database: TemporaryDatabase) throws -> String {
        let raw = weir.directory + "/raw"
        let files = try FileManager.default.contentsOfDirectory(atPath: raw).map { name in
            String(decoding: try Data(contentsOf: URL(filePath: "\(raw)/\(name)")), as: UTF8.self)
        }
        let rows = try Connection.withTemporary(database.target) { connection in
            try [
                "telemetry", "agent_run", "run", "tower_call", "tower_pending", "run_tower", "run_container",
                "run_segment",
            ].flatMap { table in
                try connection.executeOnce(Statement(sql: "SELECT t::text FROM \(table) t")).map {
                    try $0.text(0)
                }
            }
        }
        return (files + rows).joined(separator: "\n")
    }

    @Test func `covers every way in, and all that is written, loaded and answered`() async throws {
        let database = try TemporaryDatabase.make()
        let weir = try await EmbeddedServer.start(
            databaseURL: database.target.unmaskedURL,
            configure: Self.configure
        )
        let client = try weir.client(fields: [("X-API-Key", "in"), ("Content-Type", "application/json")])
        var answers = ""
        for request in Self.requests {
            let answer = try client.send(request.method, request.target, body: Array(request.body.utf8))
            #expect((200..<300).contains(answer.status), "\(request.target) \(answer.text)")
            answers += answer.text
        }
        let run = "/api/nextflow/runs/x/n"
        for target in ["/api/v1/runs", "/api/v1/runs/e1", "\(run)/events", "\(run)/config", run] {
            let answer = try client.get(target)
            #expect(answer.status == 200, "\(target) \(answer.text)")
            answers += answer.text
        }
        #expect(answers.contains("[redacted]") && !answers.contains("HUNTER"))
        #expect(answers.contains(#""metrics_json":{"p\u0061ssword":"[redacted]"}"#))
        let written = try Self.written(weir, database)
        #expect(written.contains("[redacted]") && written.contains("abc1234") && !written.contains("HUNTER"))
        await weir.stop()
    }

    @Test func `covers what is too large for a lane`() async throws {
        let database = try TemporaryDatabase.make()
        let weir = try await EmbeddedServer.start(
            databaseURL: database.target.unmaskedURL,
            configure: Self.configure
        )
        let client = try weir.client(fields: [("X-API-Key", "in")])
        let filler = String(repeating: "x", count: 300_000)
        let large = #"{"password":"HUNTER","filler":"\#(filler)"}"#
        #expect(try client.post("/telemetry", json: "{\(Self.event),\"metadata\":\(large)}").status == 200)
        let run = "{\"event_id\":\"e1\",\(Self.run),\"context_json\":\(large)}"
        #expect(try client.post("/api/v1/runs", json: run).status == 201)
        #expect(try client.get("/api/v1/runs/e1").text.contains(#""password":"[redacted]""#))
        #expect(try client.get("/api/nextflow/runs/x/n/events").status == 200)
        #expect(try !Self.written(weir, database).contains("HUNTER"))
        await weir.stop()
    }

    @Test func `of a whole object is no fault of the client's`() async throws {
        let weir = try await EmbeddedServer.start { $0.redactedKeys = ["context_json", "error_details"] }
        let client = try weir.client()
        let more = #","context_json":{"a":1},"error_details":"text""#
        #expect(
            try client.post("/api/v1/runs", json: "{\"event_id\":\"e1\",\(Self.run)\(more)}").status == 201
        )
        let answer = try client.get("/api/v1/runs/e1").text
        #expect(answer.contains(#""context_json":{"redacted":true}"#))
        #expect(answer.contains(#""error_details":"[redacted]""#))
        await weir.stop()
    }

    @Test func `leaves every byte alone where nothing is named`() async throws {
        let weir = try await EmbeddedServer.start()
        let body = "{\(Self.event),\"metadata\":{\"password\" : \"x\",\"t\":\"{\\\"password\\\":1}\"}}"
        #expect(try weir.client().post("/telemetry", json: body).text == body)
        await weir.stop()
    }
}
