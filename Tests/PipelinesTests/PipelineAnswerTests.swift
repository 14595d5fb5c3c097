import Core
import FeatureTestKit
import HTTP
import TestKit
import Testing

@testable import Pipelines

/// What clients of Pipelogiq find: members, limits, defaults and refusals. Contract pipelogiq §2.1, §2.4, §7.2 to §7.7.
@Suite("Answers of pipelines", .serialized)
struct PipelineAnswerTests {
    private func keys(_ node: JSONNode?) -> String {
        (node?.members.compactMap { $0.key.string } ?? []).joined(separator: ",")
    }

    private func numbers(_ node: JSONNode?) -> [Int64] { node?.elements.compactMap { $0["id"]?.int64 } ?? [] }

    @Test(arguments: [
        "/workers?limit=x", "/workers?state=bogus", "/workers?applicationId=-1", "/workers/events?limit=x",
        "/workers/1/events?limit=x", "/pipelines?pageSize=x", "/pipelines?pageStart=&pipelineStartFrom=soon",
        "/api/pipelines?search=%00",
    ])
    func `refuse wrong parameters in plain words`(target: String) async throws {
        let answer = try await PipelinesWeir.weir().send(.get, target)
        #expect(answer.status == 400)
        #expect(answer.fields["Content-Type"] == "text/plain; charset=utf-8")
        #expect(answer.fields["X-Content-Type-Options"] == "nosniff")
        let name = target.split(separator: "?")[1].split(separator: "&").last?.prefix { $0 != "=" } ?? ""
        #expect(answer.text.hasPrefix("\(name): ") && answer.text.hasSuffix("\n"), "\(answer.text)")
    }

    @Test func `have numbers of rows that are bounded, not refused`() async throws {
        let weir = try PipelinesWeir.weir()
        for (query, page, size) in [
            ("", 1, 10), ("?pageNumber=0&pageSize=0", 1, 1), ("?pageSize=501", 1, 500),
            ("?pageNumber=2&pageSize=3", 2, 3),
        ] as [(String, Int64, Int64)] {
            let list = try await weir.send(.get, "/pipelines\(query)").json
            #expect(keys(list) == "items,totalCount,pageNumber,pageSize")
            #expect(list["pageNumber"]?.int64 == page, "\(query)")
            #expect(list["pageSize"]?.int64 == size, "\(query)")
        }
        for target in [
            "/workers?limit=501", "/workers?limit=0", "/workers/events?limit=1001",
            "/workers/7/events?limit=-1",
        ] {
            #expect(try await weir.send(.get, target).status == 200, "\(target)")
        }
        try weir.database.execute(
            """
            INSERT INTO worker_event (id, worker_id, ts, level, event_type, message)
            SELECT 700000 + i, 700000, now() + i * interval '1 microsecond', 'INFO', 'x', '' FROM generate_series(1, 1001) i
            """
        )
        for (query, count) in [("", 200), ("?limit=1", 1), ("?limit=0", 1), ("?limit=9999", 1000)] {
            let events = try await weir.send(.get, "/workers/700000/events\(query)").json
            #expect(events.elements.reduce(0) { n, _ in n + 1 } == count, "\(query)")
            #expect(numbers(events).first == 701_001)
        }
    }

    @Test func `have the members of the contract, and leave out what is not there`() async throws {
        let weir = try PipelinesWeir.weir()
        let made = try await PipelinesWeir.post(
            "/pipelines",
            """
            {"name":"shape","stages":[{"stageName":"a","stageHandlerName":"A","description":"d","input":"i"},\
            {"stageName":"b"}],"pipelineKeywords":[{"key":"k","value":"v"}],"more":1,\
            "pipelineContextItems":[{"key":"c","value":"1"},{"key":"n","value":"2","valueType":"int"}]}
            """
        )
        #expect(made.status == 200)
        #expect(made.text.hasSuffix("}\n"))
        #expect(made.fields["Content-Type"] == "application/json")
        let json = try made.json
        #expect(
            keys(json)
                == "id,name,traceId,traceparent,status,createdAt,applicationId,stages,pipelineContextItems,pipelineKeywords"
        )
        let stages = try #require(json["stages"]).elements.map { $0 }
        #expect(
            keys(stages[0])
                == "id,pipelineId,spanId,traceparent,name,stageHandlerName,description,status,createdAt,input,nextStageId"
        )
        #expect(keys(stages[1]) == "id,pipelineId,spanId,traceparent,name,status,createdAt")
        #expect(stages[0]["nextStageId"]?.int64 == stages[1]["id"]?.int64)
        #expect(stages[0]["spanId"]?.string?.count == 16)
        #expect(json["traceId"]?.string?.count == 32)
        let items = json["pipelineContextItems"]?.elements.map { $0["valueType"]?.string }
        #expect(items == ["string", "int"])
        let id = try #require(json["id"]?.int64)
        let shown = try await weir.send(.get, "/pipelines/\(id)").json
        #expect(
            shown["stageStatuses"].map { Array($0.rawBytes) } == Array(#"["NotStarted","NotStarted"]"#.utf8)
        )
        #expect(shown["createdAt"]?.string == json["createdAt"]?.string)
        // A pipeline of one stage that is an event.
        let event = try await PipelinesWeir.make(#"{"stageName":"e","isEvent":true}"#)
        #expect(event.json["isEvent"]?.bool == true)
        for path in ["/pipelines/0", "/pipelines/x", "/pipelines/9007199254740991"] {
            let answer = try await weir.send(.get, path)
            #expect(answer.status == 404 && answer.text == "pipeline not found\n", "\(path)")
        }
    }

    @Test func `are found by name, trace, number, keyword, status, application and time`() async throws {
        let weir = try PipelinesWeir.weir()
        func make(_ name: String, _ more: String, key: String = "key-a") async throws -> Int64 {
            let body = #"{"name":"\#(name)","stages":[{"stageName":"s"}]\#(more)}"#
            return try #require(try await PipelinesWeir.post("/pipelines", body, key: key).json["id"]?.int64)
        }
        let one = try await make("Find_Me one", #","pipelineKeywords":[{"key":"order","value":"17"}]"#)
        let two = try await make(
            "find_me two",
            #","traceId":"find-trace","pipelineKeywords":[{"key":"o","value":"18"}]"#
        )
        let three = try await make("findXme three", "", key: "key-b")
        try weir.database.execute(
            """
            UPDATE pipeline SET created_at = '2031-01-01T00:00:00Z'::timestamptz + (id - \(one)) * interval '1 hour',
                status = CASE id WHEN \(two) THEN 'Failed' ELSE 'Completed' END, finished_at = '2031-02-01T00:00:00Z'
            WHERE id IN (\(one), \(two), \(three))
            """
        )
        let cases: [(query: String, found: [Int64])] = [
            ("search=FIND", [three, two, one]), ("search=find_me", [two, one]), ("search=%25", []),
            ("search=d-TRACE", [two]),
            (
                "search=\(one)&pipelineStartFrom=2031-01-01T00:00:00Z&pipelineStartTo=2031-01-01T00:00:00Z",
                [one]
            ),
            ("search=find&keywords=17&keywords=o", [two, one]), ("search=find&keywords=nothing", []),
            ("search=find&statuses=Failed", [two]),
            ("search=find&statuses=Failed&statuses=Completed", [three, two, one]),
            ("search=find&pageSize=1&pageNumber=2", [two]),
            ("pipelineStartFrom=2031-01-01T00:00:00Z&pipelineStartTo=2031-01-01T00:30:00Z", [one]),
            ("pipelineStartFrom=2031-01-01T00:30:00Z", [three, two]),
            ("pipelineEndFrom=2031-02-02T00:00:00Z", []),
            ("pipelineEndFrom=2031-01-31T00:00:00Z&pipelineEndTo=2031-02-01T00:00:00Z", [three, two, one]),
        ]
        for (query, found) in cases {
            let list = try await weir.send(.get, "/pipelines?\(query)").json
            #expect(numbers(list["items"]) == found, "\(query)")
        }
        let ids = try weir.database.rows("SELECT application_id FROM pipeline WHERE id = \(three)")
        let own = try await weir.send(.get, "/pipelines?search=find&applicationId=\(ids[0])").json
        #expect(numbers(own["items"]) == [three])
        #expect(own["totalCount"]?.int64 == 1)
    }

    @Test func `of a worker that begins have what it needs, and each beginning has another token`()
        async throws
    {
        let body =
            #"{"workerName":"w","instanceId":"shape","environment":"prod","pid":7,"capabilities":{"a":1}}"#
        let first = try await PipelinesWeir.post("/workers/bootstrap", body)
        let json = try first.json
        #expect(
            keys(json)
                == "workerId,workerSessionToken,configVersion,application,messageBroker,queues,heartbeat,observability"
        )
        #expect(keys(json["application"]) == "applicationId,applicationName,appId")
        #expect(
            keys(json["messageBroker"])
                == "type,connectionString,prefetch,topologyOwnership,dlqEnabled,dlqTtlSec"
        )
        #expect(keys(json["queues"]) == "stageResult,stageSetStatus,stageUpdatedFanout,stageNextPattern")
        #expect(
            json["heartbeat"].map { Array($0.rawBytes) }
                == Array(#"{"intervalSec":15,"offlineAfterSec":45}"#.utf8)
        )
        let token = try #require(json["workerSessionToken"]?.string)
        #expect(token.split(separator: ".").map(\.count) == [36, 36])
        let again = try await PipelinesWeir.post("/workers/bootstrap", body).json
        #expect(again["workerId"]?.int64 == json["workerId"]?.int64)
        #expect(again["workerSessionToken"]?.string != token)
        #expect(try await PipelinesWeir.post("/workers/bootstrap", "{}").text == "workerName is required\n")
        let weir = try PipelinesWeir.weir()
        let bare = try await weir.send(.post, "/workers/bootstrap", body: body, as: [])
        #expect(bare.status == 401 && bare.text == "api key is required\n")
        let list = try await weir.send(.get, "/workers?search=shape").json
        #expect(keys(list) == "items,totalCount,onlineCount,offlineCount,degradedCount,offlineAfterSec")
        let item = list["items"]?.elements.first { _ in true }
        #expect(
            keys(item)
                == "id,applicationId,applicationName,appId,workerName,instanceId,environment,pid,state,effectiveState,"
                + "brokerConnected,inFlightJobs,jobsProcessed,jobsFailed,startedAt,lastSeenAt,updatedAt,capabilities"
        )
    }

    @Test func `of workers that speak take their token from four places, and refuse too much`() async throws {
        let weir = try PipelinesWeir.weir()
        let begun = try await PipelinesWeir.post(
            "/workers/bootstrap",
            #"{"workerName":"s","instanceId":"says"}"#
        ).json
        let id = try #require(begun["workerId"]?.int64)
        let token = try #require(begun["workerSessionToken"]?.string)
        let beat = #"{"workerId":\#(id),"state":"degraded"}"#
        for fields in [
            ["X-Worker-Session": token], ["X-Worker-Token": token], ["Authorization": "Bearer \(token)"],
        ] as [HeaderFields] {
            #expect(
                try await weir.send(.post, "/workers/heartbeat", body: beat, fields: fields, as: []).status
                    == 200
            )
        }
        let query = "/workers/heartbeat?workerSessionToken=\(token)"
        #expect(try await weir.send(.post, query, body: beat, as: []).status == 200)
        func events(_ body: String) async throws -> FeatureHarness.Answer {
            try await weir.send(
                .post,
                "/workers/events",
                body: body,
                fields: ["X-Worker-Session": token],
                as: []
            )
        }
        let event = #"{"level":"warning","message":" "}"#
        func batch(_ count: Int) -> String {
            #"{"workerId":\#(id),"events":[\#(Array(repeating: event, count: count).joined(separator: ","))]}"#
        }
        #expect(try await events(batch(201)).text == "too many events in one batch\n")
        #expect(try await events(#"{"events":[\#(event)]}"#).text == "workerId is required\n")
        #expect(
            try await events(batch(200)).text == #"{"status":"ok","acceptedCount":200,"workerId":\#(id)}"#
                + "\n"
        )
        let log = try await weir.send(.get, "/workers/events?workerId=\(id)&limit=1").json
        let newest = log.elements.first { _ in true }
        #expect(
            keys(newest) == "id,workerId,workerName,applicationId,applicationName,ts,level,eventType,message"
        )
        #expect(newest?["level"]?.string == "WARN")
        #expect(newest?["eventType"]?.string == "worker.event")
        #expect(newest?["message"]?.string == "worker event")
        // Degraded is online, and so is an error; what has stopped is not.
        let list = try await weir.send(.get, "/workers?search=says").json
        #expect(
            ["totalCount", "onlineCount", "offlineCount", "degradedCount"].map { list[$0]?.int64 } == [
                1, 1, 0, 1,
            ]
        )
        // Another worker's token says nothing of this one.
        let other = #"{"workerId":\#(id + 1),"state":"ready"}"#
        let fields: HeaderFields = ["X-Worker-Session": token]
        let refused = try await weir.send(.post, "/workers/heartbeat", body: other, fields: fields, as: [])
        #expect(refused.status == 401 && refused.text == "invalid worker session\n")
    }

    /// Contract pipelogiq §6.4, §9.
    @Test func `tell of a failure for good once, and of none that is tried again or repeated`() async throws {
        let weir = try PipelinesWeir.weir()
        try weir.database.execute("INSERT INTO outbox_consumer (name) VALUES ('test') ON CONFLICT DO NOTHING")
        let made = try await PipelinesWeir.make(
            #"{"stageName":"a","options":{"maxRetries":1,"retryInterval":5}}"#,
            name: "tells"
        )
        func told() throws -> [String] {
            try weir.database.rows(
                "SELECT kind FROM outbox_event WHERE subject = '\(made.id)' AND kind = 'stage.failed'"
            )
        }
        func attempt() async throws -> [Int] {
            let path = "/stages/\(made.stages[0])"
            _ = try await PipelinesWeir.post("\(path)/status", #"{"status":"Running"}"#)
            let first = try await PipelinesWeir.post("\(path)/result", #"{"isSuccess":false}"#)
            let again = try await PipelinesWeir.post("\(path)/result", #"{"isSuccess":false}"#)
            return [first.status, again.status]
        }
        #expect(try await attempt() == [200, 409])
        #expect(try told() == [])
        #expect(try await attempt() == [200, 409])
        #expect(try told() == ["stage.failed"])
    }

    @Test func `of logs have an id and what was sent`() async throws {
        let weir = try PipelinesWeir.weir()
        let body =
            #"{"message":"hi","logLevel":"WARN","created":"2026-02-16T12:00:00Z","keywords":[{"key":"k","value":"v"}]}"#
        let kept = try await PipelinesWeir.post("/logs", body)
        #expect(kept.status == 200)
        #expect(keys(try kept.json) == "id,message,logLevel,created,keywords")
        let unknown = try await weir.send(.post, "/logs", body: #"{"apiKey":"nobody","message":"x"}"#, as: [])
        #expect(unknown.status == 401 && unknown.text == "invalid api key\n")
        #expect(try await weir.send(.post, "/logs", body: body, as: []).text == "api key is required\n")
        #expect(try await weir.send(.post, "/jobs/pull", body: "{}").status == 404)
    }
}

/// Contract pipelogiq §2.1, §2.2, §2.4.
@Suite("Traces and insights as they are asked for", .serialized)
struct TraceListTests {
    private static let rows = """
        INSERT INTO pipeline (id, name, status, created_at, finished_at, is_completed, trace_id, w3c_trace_id)
        SELECT i, 'p' || i, CASE i WHEN 1 THEN 'NotStarted' WHEN 2 THEN 'NotStarted' WHEN 3 THEN 'Running' WHEN 4 THEN 'failed'
                                   ELSE 'Completed' END,
               now() - i * interval '1 minute', now() - i * interval '1 minute' + interval '1500 milliseconds', true,
               CASE WHEN i > 5 THEN lpad(i::text, 32, '0') END, ''
        FROM generate_series(1, 60) i;
        UPDATE pipeline SET created_at = now() - interval '3 days' WHERE id = 60;
        INSERT INTO stage (id, pipeline_id, name, status, created_at, started_at)
        VALUES (1, 3, 'open', 'FAILED', now(), now() - interval '10 minutes'), (2, 3, 'never', 'Skipped', now(), NULL);
        """

    @Test func `have 50 rows, the newest first, and the defaults of the contract`() async throws {
        let weir = try FeatureHarness(.pipelines(), loads: false)
        let empty = try await weir.send(.get, "/observability/insights?source=pipelines")
        #expect(
            empty.text
                == #"{"slowestStages":[],"errorHotspots":[],"summary":{"executionsPerMin":0,"failuresPerMin":0,"successRate":0,"avgStageMs":0}}"#
                + "\n"
        )
        try weir.database.execute(Self.rows)
        func ids(_ query: String) async throws -> [Int64] {
            try await weir.send(.get, "/observability/traces?source=pipelines\(query)").json.elements
                .compactMap {
                    $0["executionId"]?.int64
                }
        }
        let cases: [(query: String, found: [Int64])] = [
            ("", Array(1...50)), ("&limit=500", Array(1...60)), ("&limit=0", [1]),
            ("&range=garbage&limit=500", Array(1...60)), ("&range=24h&limit=500", Array(1...59)),
            ("&range=&timeRange=15M", Array(1...14)), ("&range=15m&timeRange=7d", Array(1...14)),
            ("&status=running", [1, 2, 3]), ("&status=error", [4]), ("&status=ALL&limit=4", [1, 2, 3, 4]),
            ("&status=success&limit=1", [5]), ("&search=P59", [59]), ("&search=7&limit=2", [7, 17]),
            ("&search=_", []), ("&search=00000000000060", [60]),
        ]
        for (query, found) in cases { #expect(try await ids(query) == found, "\(query)") }
        let row = try await weir.send(.get, "/observability/traces?search=p5&limit=1").json.elements.first {
            _ in true
        }
        #expect(
            row?.members.compactMap { $0.key.string }
                == [
                    "traceId", "executionId", "pipelineName", "status", "durationMs", "spansCount",
                    "timestamp", "cursor",
                ]
        )
        #expect(row?["traceId"]?.string == "")
        #expect(row?["durationMs"]?.int64 == 1500)
        #expect(row?["timestamp"]?.string?.count == 20)
        // An hour is the default; a stage that has not ended counts with its age, in any case of its status.
        for query in ["", "&range=garbage", "&range=1H"] {
            let insights = try await weir.send(.get, "/observability/insights?source=pipelines\(query)").json
            let slowest = insights["slowestStages"]?.elements.map { $0 } ?? []
            #expect(slowest.map { $0["stageName"]?.string } == ["open"])
            #expect((slowest.first?["p95Ms"]?.int64 ?? 0) >= 600_000)
            #expect(insights["errorHotspots"]?.elements.map { $0["failureRate"]?.int64 } == [100])
            #expect((insights["summary"]?["executionsPerMin"]?.double ?? 0) > 0.97, "\(query)")
        }
    }
}
