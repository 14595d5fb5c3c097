import API
import Configuration
import Core
import FeatureTestKit
import Foundation
import HTTP
import Ingest
import TestKit
import Testing

@testable import Nextflow

@Suite("Tower's client", .serialized)
struct TowerRouteTests {
    private static let weir = Result { try FeatureHarness(.nextflow) }
    static let create =
        #"{"sessionId":"3f0c2f1e-8a54-4d0b-9a63-5b8d1c7f42aa","runName":"elated_noyce","projectName":"acme/qc","repository":null,"workflowId":null,"instant":1771524301112}"#

    @Test("gets the same id for a run as often as it asks, and the link that it prints")
    func creates() async throws {
        let weir = try Self.weir.get()
        for _ in 0..<2 {
            let answer = try await weir.send(
                .post,
                "/tower/trace/create",
                body: Self.create,
                fields: ["Host": "weir.test"]
            )
            #expect(answer.status == 200)
            #expect(
                answer.text == """
                    {"message":null,"workflowId":"Itpk18fcIbjbevOI","watchUrl":"http://weir.test/api/nextflow/runs/\
                    3f0c2f1e-8a54-4d0b-9a63-5b8d1c7f42aa/elated_noyce"}
                    """
            )
        }
    }

    @Test(
        "is answered what it needs to go on, whatever it sends",
        arguments: [
            (
                Method.put, "/tower/trace/abc/begin", "{}",
                #"{"status":"OK","message":null,"workflowId":"abc"}"#
            ),
            (
                .put, "/tower/trace/abc/progress", #"{"tasks":[{"taskId":1,"pcpu":,"rss":NaN}]}"#,
                #"{"status":"OK","message":null,"workflowId":"abc"}"#
            ),
            (
                .put, "/tower/trace/abc/progress", "no JSON at all",
                #"{"status":"OK","message":null,"workflowId":"abc"}"#
            ),
            (.put, "/tower/trace/abc/progress", "", #"{"status":"OK","message":null,"workflowId":"abc"}"#),
            (.put, "/tower/trace/abc/progress", "[1]", #"{"status":"OK","message":null,"workflowId":"abc"}"#),
            (
                .put, "/tower/trace/abc/heartbeat", #"{"progress":{},"instant":"1771524301112"}"#,
                #"{"message":"OK"}"#
            ),
            (
                .put, "/tower/trace/abc/complete", #"{"workflow":7,"metrics":null}"#,
                #"{"status":"OK","message":null,"workflowId":"abc"}"#
            ),
            (
                .put, "/tower/trace/null/progress", #"{"tasks":[]}"#,
                #"{"status":"OK","message":null,"workflowId":"null"}"#
            ),
            (
                .patch, "/tower/workflow/abc", #"{"schedRunId":"s-1"}"#,
                #"{"status":"OK","message":null,"workflowId":"abc"}"#
            ),
        ]
    )
    func goesOn(method: HTTP.Method, path: String, body: String, answer: String) async throws {
        let weir = try Self.weir.get()
        let given = try await weir.send(method, path, body: body)
        #expect(given.status == 200)
        #expect(given.text == answer)
    }

    @Test(
        "is given a link that goes through the proxy in front",
        arguments: [
            (
                ["Host": "weir.test", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "weir.example.org"],
                "https://weir.example.org"
            ),
            (
                ["Host": "weir.test", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/weir"],
                "https://weir.test/weir"
            ),
            (["Host": "weir.test", "X-Forwarded-Proto": "javascript"], "http://weir.test"),
            (
                [
                    "Host": "weir.test", "X-Forwarded-Proto": "HTTPS, http",
                    "X-Forwarded-Host": "a.test, b.test",
                    "X-Forwarded-Prefix": "/tools/weir/",
                ],
                "https://a.test/tools/weir"
            ),
        ] as [(HeaderFields, String)]
    )
    func linksThroughProxies(fields: HeaderFields, base: String) async throws {
        let weir = try Self.weir.get()
        let answer = try await weir.send(.post, "/tower/trace/create", body: Self.create, fields: fields)
        #expect(answer.text.contains(#""watchUrl":"\#(base)/api/nextflow/runs/3f0c2f1e"#), "\(answer.text)")
    }

    /// Contract §5.4: the id is in the bodies, and the run's name comes with its workflow.
    @Test func `of before 2020 has its runs, too`() async throws {
        let weir = try Self.weir.get()
        let begun = try await weir.send(.post, "/tower/trace/init", body: #"{"sessionId":"old-session"}"#)
        let answer = try JSONDocument(text: begun.text).root
        let id = try #require(answer["workflowId"]?.string)
        #expect(id.count == 16)
        let workflow =
            #""workflow":{"sessionId":"old-session","runName":"old_run","start":"2019-11-20T22:00:00Z""#
        for (path, body) in [
            (
                "task",
                #"{"workflowId":"\#(id)","tasks":[{"taskId":1,"status":"COMPLETED","process":"P","exit":0}]}"#
            ),
            ("workflow", #"{"workflowId":"\#(id)",\#(workflow)}}"#),
            ("alive", #"{"workflowId":"\#(id)"}"#),
            (
                "workflow",
                #"{"workflowId":"\#(id)",\#(workflow),"complete":"2019-11-20T23:00:00Z","success":true}}"#
            ),
        ] {
            #expect(try await weir.send(.post, "/tower/trace/\(path)", body: body).status == 200)
        }
        let shown = try await weir.send(.get, "/api/nextflow/runs/old-session/old_run").text
        let run = try JSONDocument(text: shown).root
        #expect(run["state"]?.string == "succeeded")
        #expect(run["completions"]?["succeeded"]?.int64 == 1)
        #expect(run["tower"]?["workflow_id"]?.string == id)
    }

    /// Sends what a client had sent; returns the id of its run.
    private static func replay(_ name: String, to weir: FeatureHarness) async throws -> String {
        let capture = try TowerCapture(name)
        let id = try #require(capture.workflowID)
        for request in capture.requests {
            let path = request.path.split(separator: "/").map(String.init)
            let target = "/tower/trace/" + (path[1] == "create" ? "create" : "\(id)/\(path[2])")
            let body = String(decoding: request.body, as: UTF8.self)
            #expect(try await weir.send(path[1] == "create" ? .post : .put, target, body: body).status == 200)
        }
        return id
    }

    /// Contract §10 (5): the client goes on with Weir's id, and others know that of the platform.
    @Test func `that the platform launched is found by either id`() async throws {
        let weir = try Self.weir.get()
        let id = try await Self.replay("26.04.6_launched_by_platform", to: weir)
        for name in [id, "abc123XYZ"] {
            let answer = try await weir.send(.get, "/tower/workflow/\(name)")
            #expect(answer.status == 200)
            #expect(answer.text.contains(#""id":"\#(id)""#))
        }
    }

    /// Contract §10 (8), (15).
    @Test func `that was resumed has its cached tasks, and completes none of them again`() async throws {
        let weir = try Self.weir.get()
        _ = try await Self.replay("25.10.2_resume_first", to: weir)
        let id = try await Self.replay("25.10.2_resume", to: weir)
        let tasks = try JSONDocument(text: try await weir.send(.get, "/tower/workflow/\(id)/tasks").text).root
        let statuses = tasks["tasks"]?.elements.compactMap { $0["task"]?["status"]?.string }.sorted()
        #expect(statuses == ["CACHED", "CACHED", "CACHED", "CACHED", "COMPLETED", "COMPLETED"])
        let detail = try JSONDocument(text: try await weir.send(.get, "/tower/workflow/\(id)").text).root
        let workflow = try #require(detail["workflow"])
        let (session, name) = (workflow["sessionId"]?.string ?? "", workflow["runName"]?.string ?? "")
        let run = try JSONDocument(
            text: try await weir.send(.get, "/api/nextflow/runs/\(session)/\(name)").text
        )
        #expect(run.root["completions"]?["total"]?.int64 == 2)
        #expect(run.root["stats"]?["cachedCount"]?.int64 == 4)
    }

    /// A page has a hundred runs, and each may have told megabytes.
    @Test(arguments: [(60_000, true), (70_000, false)])
    func `that tells much of itself is in lists without it`(bytes: Int, isListed: Bool) async throws {
        let weir = try Self.weir.get()
        let filler = String(repeating: "x", count: bytes)
        let workflow =
            #"{"sessionId":"much","runName":"much-\#(bytes)","more":"\#(filler)","params":{"p":"\#(filler)"}}"#
        let id = TowerWorkflowID.make(sessionID: "much", runName: "much-\(bytes)")
        #expect(
            try await weir.send(.put, "/tower/trace/\(id)/begin", body: #"{"workflow":\#(workflow)}"#).status
                == 200
        )
        let list = try await weir.send(.get, "/tower/workflow?search=much-\(bytes)").text
        #expect(list.contains(#""runName":"much-\#(bytes)""#))
        #expect(list.contains(#""more":"xxx"#) == isListed)
        #expect(!list.contains(#""p":"#))
        let detail = try await weir.send(.get, "/tower/workflow/\(id)").text
        #expect(detail.contains(#""more":"xxx"#) || detail.contains(#""more": "xxx"#))
        #expect(detail.contains(#""p""#))
    }

    @Test func `that asks for huge resources breaks no counts`() async throws {
        let weir = try Self.weir.get()
        let id = TowerWorkflowID.make(sessionID: "huge", runName: "huge")
        let tasks = [("A", 1), ("A", 2), ("B", 3)].map { process, task in
            #"{"taskId":\#(task),"hash":"ab/\#(task)","status":"RUNNING","process":"\#(process)","cpus":9e15,"memory":6e18,"start":"2026-11-20T22:00:00Z","attempt":1}"#
        }
        let create = #"{"sessionId":"huge","runName":"huge"}"#
        #expect(try await weir.send(.post, "/tower/trace/create", body: create).status == 200)
        let progress = #"{"tasks":[\#(tasks.joined(separator: ","))]}"#
        #expect(try await weir.send(.put, "/tower/trace/\(id)/progress", body: progress).status == 200)
        let answer = try await weir.send(.get, "/tower/workflow/\(id)/progress")
        #expect(answer.status == 200)
        #expect(answer.text.contains(#""running":3"#))
    }

    /// Contract §10 (4), (9).
    @Test func `that is interrupted leaves no task open`() async throws {
        let weir = try Self.weir.get()
        _ = try await Self.replay("26.04.6_sigint", to: weir)
        let run = "/api/nextflow/runs/f8907dd9-6d53-455f-b780-d8069377dc02/drunk_torricelli"
        let detail = try JSONDocument(text: try await weir.send(.get, run).text).root
        #expect(detail["state"]?.string == "aborted")
        #expect(detail["stats"]?["abortedCount"]?.int64 == 2)
        let tasks = try JSONDocument(text: try await weir.send(.get, run + "/tasks").text).root["tasks"]
        let statuses = tasks?.elements.compactMap { $0["status"]?.string }.sorted()
        #expect(statuses == ["ABORTED", "ABORTED", "COMPLETED", "COMPLETED", "UNKNOWN", "UNKNOWN"])
    }

    @Test("has its run shown with what only it tells")
    func isShown() async throws {
        let weir = try Self.weir.get()
        let id = try await Self.replay("26.04.6_retry", to: weir)
        let run = "/api/nextflow/runs/d5599c88-4654-4f0b-9ca2-7d2dad5ed808/mighty_lamarck"
        let shown = try JSONSerialization.jsonObject(with: Data(try await weir.send(.get, run).text.utf8))
        let detail = try #require(shown as? [String: Any])
        #expect(detail["state"] as? String == "succeeded")
        #expect(detail["source"] as? String == "tower")
        let tower = try #require(detail["tower"] as? [String: Any])
        #expect(tower["workflow_id"] as? String == id)
        #expect((tower["progress"] as? [String: Any])?["retries"] as? Int == 4)
        let configuration = try await weir.send(.get, run + "/config").text
        #expect(configuration.contains("config"))
        let tasks = try await weir.send(.get, run + "/tasks?limit=1").text
        #expect(tasks.contains(#""executor":"local""#))
    }

    @Test("has secrets of its configuration masked, and a configuration that is too large cut")
    func masksConfiguration() throws {
        let text = "aws {\n   accessKey = 'AKIA1'\n   region = 'eu'\n}\nparams.db_password = \"x\"\n"
        var writer = JSONWriter()
        writer.object { body in
            body.object("workflow") { $0.member("configText", text) }
        }
        let redactor = Redactor(keys: ["accessKey", "db-password"])
        let masked = TowerBody(writer.bytes, TowerConfiguration(redactor: redactor)).body ?? []
        #expect(
            String(decoding: masked, as: UTF8.self)
                == #"{"workflow":{"configText":"aws {\n   accessKey = '[redacted]'\n   region = 'eu'\n}\nparams.db_password = '[redacted]'\n"}}"#
        )
        let cut = TowerBody(writer.bytes, TowerConfiguration(mostBytes: 5)).body ?? []
        #expect(
            String(decoding: cut, as: UTF8.self)
                == #"{"workflow":{"configText":"aws {\n// … cut: WEIR_TOWER_CONFIG_BYTES"}}"#
        )
        // Of what is far larger the end is not even read.
        let short = TowerConfiguration(redactor: redactor, mostBytes: 12)
        #expect(
            String(decoding: TowerBody(writer.bytes, short).body ?? [], as: UTF8.self)
                == #"{"workflow":{"configText":"aws {\n   acc\n// … cut: WEIR_TOWER_CONFIG_BYTES"}}"#
        )
        let none = TowerBody(writer.bytes, TowerConfiguration(mostBytes: 0)).body ?? []
        #expect(String(decoding: none, as: UTF8.self) == #"{"workflow":{"configText":null}}"#)
    }

    @Test(
        "has secrets masked wherever its configuration names them",
        arguments: [
            ("a { secret = 'S'; b = 1 }", "a { secret = '[redacted]'; b = 1 }"),
            ("db = [user:'x', secret:'S', n:1]", "db = [user:'x', secret: '[redacted]', n:1]"),
            ("env['secret'] = 'S'", "env['secret'] = '[redacted]'"),
            ("'secret' = [\n  'S',\n  f('S')\n]\nb = 1", "'secret' = '[redacted]'\nb = 1"),
            ("secret = \"\"\"\nS\n'S\n\"\"\"\nb = 1", "secret = '[redacted]'\nb = 1"),
            ("secret = 'S' +\n  \"S\".trim()\nb = 1", "secret = '[redacted]'\nb = 1"),
            ("secret += 'a\\'S'\r\nb = 1", "secret += '[redacted]'\r\nb = 1"),
            ("b = 1 // secret = S\rsecret 'S'", "b = 1 // secret = '[redacted]'\rsecret '[redacted]'"),
            ("url = 'h?secret=S&b=1'", "url = 'h?secret= '[redacted]'&b=1'"),
            ("w: 'X' { secret = 'S' }\nb.secrets = 1", "w: 'X' { secret = '[redacted]' }\nb.secrets = 1"),
            ("secret = 'S", "secret = '[redacted]'"), ("secret =", "secret = '[redacted]'"),
        ]
    )
    func masksEverywhere(text: String, masked: String) throws {
        let redactor = try #require(Redactor(keys: ["secret"]))
        #expect(TowerConfigurationMask.masked(text, redactor) == masked)
    }

    @Test func `has ten megabytes of configuration cut, and the rest of its body kept`() throws {
        var writer = JSONWriter()
        writer.object { body in
            body.object("workflow") { workflow in
                workflow.member("configText", String(repeating: "a = 'b'\n", count: 1_310_720))
                workflow.member("runName", "n")
            }
        }
        let body = try #require(TowerBody(writer.bytes).body)
        #expect(body.count < 1_500_000)
        #expect(try JSONDocument(body).root["workflow"]?["runName"]?.string == "n")
    }

    @Test(
        "sends values that JSON lacks; they are null",
        arguments: [
            (#"{"a":,"b":1}"#, #"{"a":null,"b":1}"#), (#"{"a":}"#, #"{"a":null}"#),
            (#"{"a":NaN,"b":-Infinity}"#, #"{"a":null,"b":null}"#),
            (#"{"a":[1,,2,]}"#, #"{"a":[1,null,2,null]}"#),
            (#"{"a":"x:,}\"","b":,"c":[]}"#, #"{"a":"x:,}\"","b":null,"c":[]}"#),
            ("{\"a\":\"x\ny\u{0}\"}", #"{"a":"x\u000ay\u0000"}"#),
        ]
    )
    func repairs(sent: String, read: String) throws {
        let repaired = try #require(TowerRepair.repaired(Array(sent.utf8)))
        #expect(String(decoding: repaired, as: UTF8.self) == read)
    }

    @Test func `sends bytes that are no text; they are replaced`() {
        let sent = Array("{\"a\":\"x".utf8) + [0xFF] + Array("\"}".utf8)
        #expect(
            TowerRepair.repaired(sent).map { String(decoding: $0, as: UTF8.self) } == "{\"a\":\"x\u{FFFD}\"}"
        )
    }

    @Test(
        "sends what nothing can be made of; it is kept as text",
        arguments: ["{", "{\"a\":\"b", "hello", "{]}"]
    )
    func keepsText(sent: String) {
        #expect(TowerRepair.repaired(Array(sent.utf8)) == nil)
        #expect(TowerBody(Array(sent.utf8)).text == sent)
    }

    @Test func `is asked to send a call again for a while, and then let go`() {
        let refusals = TowerRefusals()
        let (body, other) = (NextflowKeys.body([1]), NextflowKeys.body([2]))
        let start = ContinuousClock.now
        #expect(refusals.shallComeAgain(.progress, body, now: start))
        #expect(refusals.shallComeAgain(.progress, body, now: start + .seconds(59)))
        #expect(!refusals.shallComeAgain(.progress, body, now: start + .seconds(60)))
        #expect(refusals.shallComeAgain(.begin, other, now: start))
        #expect(!refusals.shallComeAgain(.begin, other, now: start + .seconds(3)))
        // Some clients make one, and go on without an id, or not at all.
        #expect(!refusals.shallComeAgain(.create, NextflowKeys.body([3]), now: start))
    }

    @Test func `is not asked for ever when many calls are refused`() {
        let refusals = TowerRefusals()
        let start = ContinuousClock.now
        for number in 0..<10_000 {
            #expect(
                refusals.shallComeAgain(
                    .progress,
                    NextflowKeys.body(Array(String(number).utf8)[...]),
                    now: start
                )
            )
        }
        #expect(!refusals.shallComeAgain(.progress, NextflowKeys.body([1]), now: start + .seconds(1)))
        #expect(refusals.shallComeAgain(.progress, NextflowKeys.body([1]), now: start + .seconds(601)))
    }
}
