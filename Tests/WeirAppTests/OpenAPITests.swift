import Core
import TestKit
import Testing

@testable import WeirApp

@Suite(.serialized) struct `OpenAPI of a running Weir` {
    private static let run =
        #""run_id":"R","start_time":"2026-01-01T00:00:00Z","agent_name":"a","job_type":"j","#
        + #""git_repo":"https://github.com/o/r","metrics_json":{"x":1}}"#

    /// Parameters that take integers of any size, as the reference's do.
    private static let unbounded = ["window_days", "window_hours", "min_samples", "attempt", "offset"]

    /// Those that may be negative, too.
    private static let signed = ["runtime_id", "days_ahead"]

    @Test func `says of every operation what it takes and what it answers`() async throws {
        let weir = try await EmbeddedServer.start()
        let api = try DescribedAPI(try weir.client())
        #expect(api.operations.count >= 40)
        for operation in api.operations {
            // A response without a body is described without `content`; that it has none is compared below.
            for (status, response) in operation.responses where response["content"] != nil {
                let contents = response["content"]?.members.map { $0.value["schema"] } ?? []
                #expect(!contents.isEmpty, "\(operation.name) \(status) has no body")
                for schema in contents {
                    #expect(DescribedAPI.text(schema) != "{}", "\(operation.name) \(status)")
                }
            }
            for parameter in operation.parameters {
                let (name, schema) = (parameter["name"]?.string ?? "", parameter["schema"])
                #expect(parameter["description"] != nil, "\(operation.name) \(name)")
                guard schema?["type"]?.string == "integer", !Self.signed.contains(name) else { continue }
                #expect(schema?["minimum"] != nil, "\(operation.name) \(name)")
                #expect(
                    schema?["maximum"] != nil || Self.unbounded.contains(name),
                    "\(operation.name) \(name)"
                )
            }
        }
        await weir.stop()
    }

    @Test func `has no reference that leads nowhere and no name twice`() async throws {
        let weir = try await EmbeddedServer.start()
        let api = try DescribedAPI(try weir.client())
        let references = api.references(in: api.root)
        #expect(references.count > 100)
        for reference in references { #expect(api.resolve(reference) != nil, "\(reference)") }
        let names = api.operations.compactMap { $0.node["operationId"]?.string }
        #expect(names.count == api.operations.count && Set(names).count == names.count)
        let body = api.root["paths"]?["/telemetry"]?["post"]?["requestBody"]?["content"]
        #expect(
            body?["application/json"]?["schema"]?["$ref"]?.string == "#/components/schemas/WeblogEvent"
        )
        let required = api.root["components"]?["schemas"]?["WeblogEvent"]?["required"]
        #expect(DescribedAPI.text(required) == #"["runId","runName","event","utcTime"]"#)
        // Pages of other origins may read what is described, but for what browsers and remote-write read themselves.
        let unread = ["Cache-Control", "Vary", "WWW-Authenticate"]
        for operation in api.operations {
            for (_, response) in operation.responses {
                for name in response["headers"]?.members.compactMap(\.key.string) ?? []
                where !unread.contains(name) && !name.hasPrefix("X-Prometheus-") {
                    #expect(FrontDoor.exposedFields.contains(name), "\(operation.name) \(name)")
                }
            }
        }
        await weir.stop()
    }

    @Test func `says of words and bounds what the readers refuse`() async throws {
        let weir = try await EmbeddedServer.start()
        let client = try weir.client()
        let api = try DescribedAPI(client)
        for operation in api.operations where operation.method == "get" {
            let target = Self.filled(operation.path)
            // Contract beampipe §6.1, pipelogiq §7.2; Tower's API.
            let words = ["/api/v2/", "observability/", "/pipelines", "/workers", "/tower/"]
            let refused = words.contains { target.contains($0) } ? 400 : 422
            for parameter in operation.parameters where parameter["in"]?.string == "query" {
                let name = parameter["name"]?.string ?? ""
                guard let schema = parameter["schema"] else { continue }
                if let least = schema["minimum"]?.int64 {
                    #expect(
                        try client.get("\(target)?\(name)=\(least - 1)").status == refused,
                        "\(target) \(name)"
                    )
                    #expect(
                        try client.get("\(target)?\(name)=\(least)").status != refused,
                        "\(target) \(name)"
                    )
                }
                if let most = schema["maximum"]?.int64, most < .max {
                    #expect(
                        try client.get("\(target)?\(name)=\(most + 1)").status == refused,
                        "\(target) \(name)"
                    )
                    #expect(
                        try client.get("\(target)?\(name)=\(most)").status != refused,
                        "\(target) \(name)"
                    )
                }
                guard let words = schema["enum"] ?? schema["items"]?["enum"] else { continue }
                #expect([400, 422].contains(try client.get("\(target)?\(name)=nonsense").status))
                for word in words.elements.compactMap(\.string) {
                    let status = try client.get("\(target)?\(name)=\(word)").status
                    #expect([200, 404].contains(status), "\(target) \(name)=\(word)")
                }
            }
        }
        await weir.stop()
    }

    @Test func `describes what every endpoint really answers`() async throws {
        let weir = try await EmbeddedServer.start()
        let client = try weir.client()
        for event in try Self.events() { #expect(try client.post("/telemetry", json: event).status == 200) }
        let api = try DescribedAPI(client)
        var checked: Set<String> = []
        func check(_ response: RawResponse, _ method: String, _ path: String) throws {
            let operation = try #require(api.operations.first { $0.method == method && $0.path == path })
            checked.insert("\(method) \(path)")
            #expect(try api.faults(of: response, to: operation) == [], "\(method) \(path)")
        }
        func post(_ path: String, _ target: String? = nil, _ json: String) throws {
            try check(try client.post(target ?? path, json: json), "post", path)
        }
        try post("/telemetry", nil, Banner.sampleEvent)
        try post("/weblog", nil, "{}")
        try post("/", nil, "nonsense")
        try checkRuns(client, check)
        try checkIntegrations(client, check)
        try checkWorkers(client, check)
        let checkID = try checkChecks(client, check)
        let execution = try checkExecutions(client, check)
        let eventID = try checkEvents(client, check)
        try checkSpans(client, check)
        try checkTower(client, check)
        let pipelineID = try checkPipelines(client, check)
        let ids =
            try await checkAlerts(client, check) + [
                ("/api/v2/checks", checkID), ("/api/v2/executions", execution),
                ("/api/v2/events", eventID), ("/api/v2/sources", "s1"),
                ("/pipelines", pipelineID), ("/api/pipelines", pipelineID),
            ]
        for operation in api.operations where operation.method == "get" {
            if operation.node["responses"]?["200"]?["content"]?["text/event-stream"] != nil {
                // It has no end: `EventStreamTests` read it.
                try check(try client.get("\(operation.path)?last_event_id=nobody"), "get", operation.path)
                continue
            }
            let id = ids.first { operation.path.hasPrefix($0.prefix) }?.id
            let named = id.map { operation.path.replacing("{id}", with: $0) } ?? operation.path
            let target = Self.filled(named)
            let response = try client.get(target)
            #expect(response.status == (target == "/ping/not-a-uuid" ? 400 : 200), "\(target)")
            try check(response, "get", operation.path)
            for type in operation.node["responses"]?["200"]?["content"]?.members.compactMap(\.key.string)
                ?? []
            {
                let typed = try client.get(target, fields: [("Accept", type)])
                #expect(typed["Content-Type"]?.hasPrefix(type) == true, "\(target) as \(type)")
                try check(typed, "get", operation.path)
            }
            try checkOddQuestions(client, operation.path, target, check)
        }
        // A new endpoint that writes needs a request of its own above.
        #expect(Set(api.operations.map { "\($0.method) \($0.path)" }).subtracting(checked).sorted() == [])
        await weir.stop()
    }

    /// Parameters at their limits and beyond, and a name that nothing has.
    private func checkOddQuestions(
        _ client: HTTPTestClient,
        _ path: String,
        _ target: String,
        _ check: (RawResponse, _ method: String, _ path: String) throws -> Void
    ) throws {
        for query in ["limit=0&max=0", "limit=1&min_samples=1", "window_days=1&window_hours=1", "cursor=%21"]
        {
            try check(try client.get("\(target)?\(query)"), "get", path)
        }
        guard path.contains("{") else { return }
        let nobody = Self.filled(path, "nobody").replacing("{id}", with: "nobody")
        try check(try client.get(nobody), "get", path)
    }

    private func checkRuns(
        _ client: HTTPTestClient,
        _ check: (RawResponse, _ method: String, _ path: String) throws -> Void
    ) throws {
        func post(_ path: String, _ target: String? = nil, _ json: String) throws {
            try check(try client.post(target ?? path, json: json), "post", path)
        }
        try post("/api/v1/runs", nil, #"{"event_id":"e1","# + Self.run)
        try post("/api/v1/runs", nil, #"{"event_id":"e1","# + Self.run)
        try post("/api/v1/runs", nil, #"{"event_id":5,"status":"x","items_failed":-1}"#)
        try post("/api/v1/runs/batch", nil, #"[{"event_id":"e2","status":"x","# + Self.run + "]")
        try post("/api/v1/runs/batch", nil, "5")
        for query in ["true", "maybe"] {
            for (path, target) in [("", ""), ("/{event_id}", "/e1")] {
                let answer = try client.get("/api/v1/runs\(target)?trace=\(query)")
                try check(answer, "get", "/api/v1/runs\(path)")
            }
        }
        let commit = "/api/v1/runs/{event_id}/associate-commit"
        let sent = #"{"commit_hash":"abc1234","commit_source":"ci"}"#
        try post(commit, "/api/v1/runs/e1/associate-commit", sent)
        try post(commit, "/api/v1/runs/nobody/associate-commit", sent)
        for body in [#"{"status":"success"}"#, "{}", #"{"status":5}"#] {
            let response = try client.send(
                "PATCH",
                "/api/v1/runs/e1",
                fields: [("Content-Type", "application/json")],
                body: Array(body.utf8)
            )
            try check(response, "patch", "/api/v1/runs/{event_id}")
        }
    }

    /// Posts an event about the source `s1`; returns its id.
    private func checkEvents(
        _ client: HTTPTestClient,
        _ check: (RawResponse, _ method: String, _ path: String) throws -> Void
    ) throws -> String {
        let id = "0198a1b2-0000-7000-8000-0000000000e1"
        let event = #"{"id":"\#(id)","event_type":"a.b","source_identifier":"s1"}"#
        let bodies = [event, event, event.replacing("a.b", with: "a.c"), "[\(event)]", "{}", "5", "nonsense"]
        var statuses: [Int] = []
        for body in bodies {
            let response = try client.post("/api/v2/projects/p/events", json: body)
            statuses.append(response.status)
            try check(response, "post", "/api/v2/projects/{module}/events")
        }
        #expect(statuses == [201, 200, 409, 201, 400, 422, 400])
        return id
    }

    private func checkSpans(
        _ client: HTTPTestClient,
        _ check: (RawResponse, _ method: String, _ path: String) throws -> Void
    ) throws {
        let spans =
            #"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"#
            + #""00f067aa0ba902b7","name":"a","startTimeUnixNano":"1","endTimeUnixNano":"2"},{"name":"no ids"}]}]}]}"#
        var statuses: [Int] = []
        for body in [spans, "{}", "nonsense"] {
            let response = try client.post("/v1/traces", json: body)
            statuses.append(response.status)
            try check(response, "post", "/v1/traces")
        }
        #expect(statuses == [200, 200, 400])
    }

    private func checkTower(
        _ client: HTTPTestClient,
        _ check: (RawResponse, _ method: String, _ path: String) throws -> Void
    ) throws {
        let run = #""sessionId":"S","runName":"mad_euler""#
        let calls =
            [
                ("post", "create", "{\(run)}"), ("post", "init", "nonsense"), ("post", "workflow", "{}"),
                ("post", "task", #"{"workflowId":"abc","tasks":[]}"#), ("post", "alive", "[]"),
                (
                    "put", "{workflow_id}/begin",
                    #"{"workflow":{\#(run),"configText":"a = 1","start":"2026-11-01T10:00Z"}}"#
                ),
                ("put", "{workflow_id}/progress", #"{"tasks":[{"taskId":1,"status":"NEW","pcpu":}]}"#),
                ("put", "{workflow_id}/heartbeat", "{}"), ("put", "{workflow_id}/complete", "nonsense"),
            ].map { ($0, "/tower/trace/\($1)", $2) } + [("patch", "/tower/workflow/{workflow_id}", "{}")]
        for (method, path, body) in calls {
            let target = path.replacing("{workflow_id}", with: "abc")
            let response = try client.send(
                method.uppercased(),
                target,
                fields: [("Content-Type", "application/json")],
                body: Array(body.utf8)
            )
            #expect(response.status == 200, "\(path)")
            try check(response, method, path)
        }
    }

    private static let silence =
        #"{"matchers":[{"name":"alertname","value":"r","isRegex":false,"isEqual":true}],"createdBy":"kim","#
        + #""startsAt":"2026-01-01T00:00:00Z","endsAt":"2999-01-01T00:00:00Z","comment":"c"}"#

    /// The id of the first incident, once there is one.
    private static func incident(_ client: HTTPTestClient) async throws -> String {
        for _ in 0..<300 {
            let list = try JSONDocument(try client.get("/api/v2/alert-incidents").body).root
            if let id = list["incidents"]?.elements.first(where: { _ in true })?["uuid"]?.string { return id }
            try await Task.sleep(for: .milliseconds(50))
        }
        return ""
    }

    /// Makes one of everything about alerts; returns the ids by the beginnings of their paths.
    private func checkAlerts(
        _ client: HTTPTestClient,
        _ check: (RawResponse, _ method: String, _ path: String) throws -> Void
    ) async throws -> [(prefix: String, id: String)] {
        let root = "/api/v2"
        @discardableResult func send(_ method: String, _ path: String, _ id: String, _ body: String) throws
            -> JSONNode?
        {
            let target = "\(root)\(path)".replacing("{id}", with: id)
            let fields = body.isEmpty ? [] : [("Content-Type", "application/json")]
            let response = try client.send(method, target, fields: fields, body: Array(body.utf8))
            try check(
                response,
                method.lowercased(),
                String("\(root)\(path)".prefix { $0 != "?" })
            )
            return try? JSONDocument(response.body).root
        }
        let channels = "/notification-channels"
        let hook = #"{"name":"hook","kind":"webhook","config":{"url":"http://127.0.0.1:1/x"}}"#
        let channel = try send("POST", channels, "", hook)?["uuid"]?.string ?? ""
        try send("POST", channels, "", hook)
        try send("POST", channels, "", "{}")
        try send("POST", channels, "", "nonsense")
        let delivery = try send("POST", "\(channels)/{id}/test", channel, "")?["delivery_id"]?.string ?? ""
        try send("POST", "\(channels)/reseal", "", "")
        for id in [channel, "nobody"] {
            try send("POST", "\(channels)/{id}/compare", id, #"{"config":{"url":"http://127.0.0.1:1/x"}}"#)
        }
        let rules = "/alert-rules"
        let failures =
            #"{"name":"r","trigger_kind":"event","trigger_config":{"events":["pipeline_failed"]},"channel_ids":["\#(channel)"]}"#
        let rule = try send("POST", rules, "", failures)?["uuid"]?.string ?? ""
        try send("POST", rules, "", "{}")
        try send("POST", "\(rules)/preview", "", failures)
        let run = #"{"event_id":"e9","status":"failure",\#(Self.run)"#
        try check(try client.post("/api/v1/runs", json: run), "post", "/api/v1/runs")
        let incident = try await Self.incident(client)
        for verb in ["acknowledge", "unacknowledge", "resolve", "resolve"] {
            try send("POST", "/alert-incidents/{id}/\(verb)", incident, #"{"by":"kim"}"#)
        }
        for (path, id) in [(channels, channel), (rules, rule)] {
            try send("PATCH", "\(path)/{id}", id, #"{"enabled":true}"#)
            try send("PATCH", "\(path)/{id}", "nobody", #"{"enabled":true}"#)
            try send("DELETE", "\(path)/{id}", "nobody", "")
        }
        let silence = try send("POST", "/silences", "", Self.silence)?["silenceID"]?.string ?? ""
        try send("POST", "/silences", "", "{}")
        try send("DELETE", "/silence/{id}", "nobody", "")
        for id in [delivery, "nobody"] { try send("POST", "/alert-deliveries/{id}/retry", id, "") }
        try send("DELETE", "/alert-deliveries?until=2020-01-01T00:00:00Z", "", "")
        try send("DELETE", "/alert-deliveries", "", "")
        return [
            ("\(root)\(channels)", channel), ("\(root)\(rules)", rule),
            ("\(root)/alert-incidents", incident), ("\(root)/alert-deliveries", delivery),
            ("\(root)/silence/", silence),
        ]
    }

    /// Registers an execution, and returns its id.
    private func checkExecutions(
        _ client: HTTPTestClient,
        _ check: (RawResponse, _ method: String, _ path: String) throws -> Void
    ) throws -> String {
        func send(_ method: String, _ path: String, _ id: String, _ body: String) throws -> JSONNode? {
            let fields = [("Content-Type", "application/json"), ("Idempotency-Key", "k")]
            let target = path.replacing("{id}", with: id)
            let response = try client.send(method, target, fields: fields, body: Array(body.utf8))
            try check(response, method.lowercased(), path)
            return try? JSONDocument(response.body).root
        }
        let root = "/api/v2/executions"
        let new = #"{"project_module":"p","archive_name":"a","sources":[{"source_identifier":"S"}]}"#
        let id = try #require(try send("POST", root, "", new)?["uuid"]?.string)
        for body in [
            new, #"{"x":1}"#, "nonsense", new.replacing("archive_name\":\"a", with: "archive_name\":\"b"),
        ] {
            _ = try send("POST", root, "", body)
        }
        let digest = String(repeating: "ab", count: 32)
        let artifact = #"{"kind":"manifest","storage_kind":"file","uri":"file:///m","sha256":"\#(digest)"}"#
        for body in [
            #"{"status":"running","artifacts":[\#(artifact)]}"#, #"{"status":"pending"}"#, #"{"x":1}"#,
        ] {
            for id in [id, Self.execution, "nobody"] { _ = try send("PATCH", root + "/{id}", id, body) }
        }
        for body in [#"{"kind":"scheduler","normalized_state":"running"}"#, "{}"] {
            for id in [id, Self.execution] { _ = try send("POST", root + "/{id}/observations", id, body) }
        }
        return id
    }

    /// Returns the number of a pipeline.
    private func checkPipelines(
        _ client: HTTPTestClient,
        _ check: (RawResponse, _ method: String, _ path: String) throws -> Void
    ) throws -> String {
        var number = ""
        for prefix in ["", "/api"] {
            func post(_ path: String, _ bodies: [String], _ target: String? = nil, session: String = "")
                throws
            {
                for body in bodies {
                    let fields = session.isEmpty ? [] : [("X-Worker-Session", session)]
                    let response = try client.post(prefix + (target ?? path), json: body, fields: fields)
                    try check(response, "post", prefix + path)
                }
            }
            let body = #"{"name":"p","stages":[{"stageName":"a","options":{"maxRetries":1}}]}"#
            let made = try client.post("\(prefix)/pipelines", json: body)
            try check(made, "post", "\(prefix)/pipelines")
            let json = try JSONDocument(Array(made.text.utf8)).root
            number = json["id"]?.numberText ?? ""
            let stage = json["stages"]?.elements.compactMap { $0["id"]?.numberText }.first ?? ""
            try post("/pipelines", ["5", "{}"])
            try post("/stages/{stageId}/status", [#"{"status":"Running"}"#, "{}"], "/stages/\(stage)/status")
            let results = [#"{"isSuccess":true}"#, #"{"isSuccess":true}"#, "{}"]
            try post("/stages/{stageId}/result", results, "/stages/\(stage)/result")
            try post("/stages/{stageId}/result", results, "/stages/0/result")
            try post("/pipelines/rerunStage", [#"{"stageId":\#(stage)}"#, "{}"])
            try post("/pipelines/skipStage", [#"{"stageId":\#(stage)}"#, #"{"stageId":99999}"#])
            try post("/logs", [#"{"message":"m"}"#, "5"])
            let bootstrap = #"{"workerName":"w","instanceId":"i"}"#
            let begun = try client.post("\(prefix)/workers/bootstrap", json: bootstrap)
            try check(begun, "post", "\(prefix)/workers/bootstrap")
            let session = try JSONDocument(Array(begun.text.utf8)).root
            let worker = session["workerId"]?.numberText ?? ""
            let token = session["workerSessionToken"]?.string ?? ""
            try post("/workers/heartbeat", [#"{"workerId":\#(worker)}"#], session: "x")
            try post("/workers/heartbeat", [#"{"workerId":\#(worker)}"#, "{}"], session: token)
            try post("/workers/events", [#"{"workerId":\#(worker),"events":[{}]}"#, "{}"], session: token)
            try post("/workers/shutdown", [#"{"workerId":\#(worker)}"#, "5"], session: token)
        }
        return number
    }

    private func checkIntegrations(
        _ client: HTTPTestClient,
        _ check: (RawResponse, _ method: String, _ path: String) throws -> Void
    ) throws {
        let config = #"{"type":"grafana","config":{"dashboardUrl":"http://grafana"}}"#
        for prefix in ["", "/api"] {
            for body in [config, #"{"type":"x"}"#, "5"] {
                let path = "\(prefix)/observability/config"
                try check(try client.post(path, json: body), "post", path)
            }
            let path = "\(prefix)/observability/test"
            try check(try client.post(path, json: #"{"type":"grafana"}"#), "post", path)
        }
    }

    private func checkWorkers(
        _ client: HTTPTestClient,
        _ check: (RawResponse, _ method: String, _ path: String) throws -> Void
    ) throws {
        let pool = #"{"name":"p","runtime":"cpu","uri":"local://h"}"#
        let metric = #"{"metric_name":"m","metric_type":"gauge","metric_value":1}"#
        let requests = [
            ("POST /api/worker/pool/register", pool), ("POST /api/worker/pool/register", "{}"),
            ("POST /api/worker/pool/heartbeat", #"{"name":"p"}"#), ("POST /api/runtime/register", pool),
            ("POST /api/runtime/register", #"{"name":"s","kind":"server_api"}"#),
            ("POST /api/metrics/report", #"{"component_name":"p","metrics":[\#(metric)]}"#),
            ("POST /api/metrics/report", #"{"metrics":[]}"#), ("POST /api/metrics/report", "[]"),
            ("POST /api/metrics/report", #"{"runtime_id":1,"metrics":[]}"#),
            ("POST /v1/metrics", #"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m"}]}]}]}"#),
            ("POST /v1/metrics", "[]"), ("POST /api/v1/write", "no block"),
            ("POST /api/metrics/import?format=csv", "no table"),
            ("POST /api/metrics/import?format=jsonl", ""), ("POST /api/metrics/import?format=xml", ""),
            ("POST /api/metrics/self-report", ""), ("POST /api/metrics/cleanup", ""),
            ("POST /api/metrics/partitions/create", ""), ("POST /api/metrics/ttl/set", ""),
            ("POST /api/metrics/ttl/set?metric_name=m", ""),
            ("POST /api/metrics/ttl/extend-component?component_name=p", ""),
            ("POST /api/broker/register", "{}"), ("POST /api/broker/heartbeat", "{}"),
            ("DELETE /api/broker/deregister", "{}"), ("POST /api/queue/lease", "{}"),
            ("POST /api/worker/pool/deregister", #"{"name":"p"}"#),
            ("DELETE /api/worker/pool/deregister", #"{"name":"nobody"}"#),
            ("DELETE /api/worker/pool/deregister", "{}"),
            ("DELETE /api/runtime/deregister", #"{"name":"p","kind":"worker_pool"}"#),
        ]
        for (request, body) in requests {
            let words = request.split(separator: " ").map(String.init)
            let response = try client.send(
                words[0],
                words[1],
                fields: [("Content-Type", "application/json")],
                body: Array(body.utf8)
            )
            let path = words[1].split(separator: "?").first.map(String.init) ?? ""
            try check(response, words[0].lowercased(), path)
        }
        try checkPushes(client, check)
    }

    /// Makes a check, and returns its id.
    private func checkChecks(
        _ client: HTTPTestClient,
        _ check: (RawResponse, _ method: String, _ path: String) throws -> Void
    ) throws -> String {
        func send(_ method: String, _ path: String, _ id: String = "", _ body: String = "") throws
            -> RawResponse
        {
            let fields = [("Content-Type", "application/json")]
            let target = path.replacing("{id}", with: id)
            let response = try client.send(method, target, fields: fields, body: Array(body.utf8))
            try check(response, method.lowercased(), path)
            return response
        }
        let kept = #"{"name":"kept","slug":"c-slug","ping_key":"c-key-0123456789"}"#
        let made = try JSONDocument(send("POST", "/api/v2/checks", "", kept).body).root
        let id = try #require(made["id"]?.string)
        let other = try JSONDocument(send("POST", "/api/v2/checks", "", #"{"name":"other"}"#).body).root
        let one = "/api/v2/checks/{id}"
        for body in [#"{"grace":5}"#, #"{"grace":-1}"#, "nonsense"] { _ = try send("PATCH", one, id, body) }
        _ = try send("POST", "/api/v2/checks", "", "{}")
        for verb in ["pause", "resume"] {
            for name in [id, "nobody"] { _ = try send("POST", "\(one)/\(verb)", name) }
        }
        for name in [try #require(other["id"]?.string), "nobody"] { _ = try send("DELETE", one, name) }
        for (path, rest) in [
            ("/ping/{key}", ""), ("/ping/{key}/{slug}", "/c-slug"),
            ("/ping/{key}/{slug}/{action}", "/c-slug/start"),
        ] {
            let key = rest.isEmpty ? try #require(made["ping_uuid"]?.string) : "c-key-0123456789"
            for target in ["/ping/\(key)\(rest)", "/ping/nobody\(rest)"] {
                try check(try client.send("POST", target, body: []), "post", path)
            }
        }
        return id
    }

    private func checkPushes(
        _ client: HTTPTestClient,
        _ check: (RawResponse, _ method: String, _ path: String) throws -> Void
    ) throws {
        let labels = ["/metrics/job/{job}", "/metrics/job@base64/{job}"]
        for path in labels + labels.map({ "\($0)/{labels}" }) {
            for method in ["PUT", "POST", "DELETE"] {
                for (values, body) in [("l/v", "m 1\n"), ("l/v", "m"), ("l", "m 1\n")] {
                    let target = path.replacing("{job}", with: "am9i").replacing("{labels}", with: values)
                    let response = try client.send(method, target, body: Array(body.utf8))
                    try check(response, method.lowercased(), path)
                }
            }
        }
    }

    // MARK: - Data

    /// The id of no execution.
    private static let execution = "019e80f2-cd6f-7883-93e1-62b9ccd35cdf"

    /// A path with the names of what the data has, or of what it has not.
    private static func filled(_ path: String, _ name: String? = nil) -> String {
        path.replacing("{run_id}", with: name ?? "S")
            .replacing("{run_name}", with: name ?? "mad_euler")
            .replacing("/ping/{key}/{slug}", with: "/ping/\(name ?? "c-key-0123456789")/c-slug")
            .replacing("/ping/{key}", with: "/ping/\(name ?? "not-a-uuid")")
            .replacing("{action}", with: name ?? "log")
            .replacing("/executions/{id}", with: "/executions/\(name ?? execution)")
            .replacing("{module}", with: name ?? "p")
            .replacing("{id}", with: name ?? "nobody")
            .replacing("{event_id}", with: name ?? "e1")
            .replacing("{user_id}", with: name ?? "1")
            .replacing("{workflow_id}", with: name ?? "abc")
            .replacing("{task_id}", with: name ?? "1")
            .replacing("{field}", with: name ?? "agent_name")
            // That of the run S: `TraceID.derived`.
            .replacing("{trace_id}", with: name ?? "057bade3a01f96602199f468ed4f85a5")
    }

    /// A run with a task that failed, one that was retried, and one whose end never came.
    private static func events() throws -> [String] {
        func event(_ name: String, _ rest: String) -> String {
            #"{"runId":"S","runName":"mad_euler","event":"\#(name)","utcTime":"2026-11-01T10:00:00Z",\#(rest)}"#
        }
        func task(_ id: Int, _ status: String, _ attempt: Int, _ exit: Int) -> String {
            #""trace":{"task_id":\#(id),"hash":"aa/\#(id)","name":"P (\#(id))","process":"P","status":"\#(status)","#
                + #""attempt":\#(attempt),"exit":\#(exit),"submit":1793527200000,"start":1793527201000,"#
                + #""complete":1793527209000,"duration":9000,"realtime":8000,"cpus":2,"memory":1073741824,"#
                + #""%cpu":150.5,"peak_rss":536870912,"read_bytes":5,"write_bytes":7,"error_action":"RETRY"}"#
        }
        let workflow =
            #""metadata":{"parameters":{"a":1},"workflow":{"userName":"u","projectName":"p","success":true,"#
            + #""start":"2026-11-01T10:00:00Z","complete":"2026-11-01T11:00:00Z","duration":5,"stats":{"a":1}}}"#
        return [
            event("started", workflow), event("process_started", task(1, "RUNNING", 1, 0)),
            event("process_completed", task(2, "FAILED", 1, 137)),
            event("process_completed", task(3, "COMPLETED", 2, 0)), event("completed", workflow),
        ]
    }
}
