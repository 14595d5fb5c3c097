import Configuration
import Core
import HTTPServer
import TestKit
import Testing

@testable import WeirApp

/// What the platform's clients and scrapers find around the endpoints. Contract beampipe §1.7, §2.2, §6.1.
@Suite(.serialized) struct `Requests of the platform` {
    /// Contract beampipe §11.5.
    @Test func `are counted by the pattern of their route`() {
        #expect(
            PlatformRequests.route("/api/v2/executions/{id}/events") == "/api/v2/executions/:id/events"
        )
        #expect(
            PlatformRequests.route("/api/v2/projects/{module}/events") == "/api/v2/projects/:module/events"
        )
    }

    @Test func `have errors, counts and a listener in the platform's form`() async throws {
        let weir = try await EmbeddedServer.start(listen: "127.0.0.1:0,metrics@127.0.0.1:0")
        let client = try weir.client()
        let unknown = try client.get("/api/v2/nothing/019e80f2-cd6f-7883-93e1-62b9ccd35cdf")
        #expect(unknown.status == 404)
        #expect(try JSONDocument(unknown.body).root["code"]?.string == "not_found")
        #expect(unknown["X-Request-Id"]?.isEmpty == false)
        let wrong = try client.send("PUT", "/api/v2/executions", fields: [], body: [])
        #expect(wrong.status == 405)
        #expect(wrong["Allow"] == "GET, HEAD, OPTIONS, POST")
        #expect(try JSONDocument(wrong.body).root["code"]?.string == "method_not_allowed")
        let id = "019e80f2-cd6f-7883-93e1-62b9ccd35cdf"
        #expect(try client.get("/api/v2/executions/\(id)/status").status == 404)
        let scraper = try weir.client(profile: "metrics")
        #expect(try scraper.get("/health").text == "ok")
        let lines = Set(try scraper.get("/metrics").text.split(separator: "\n").map(String.init))
        for expected in [
            #"beampipe_api_requests_total{method="GET",route="/api/v2/executions/:id/status",status="404"} 1"#,
            #"beampipe_api_requests_total{method="GET",route="/api/v2/executions/:id/status",status="200"} 0"#,
            #"beampipe_api_requests_total{method="GET",route="unmatched",status="404"} 1"#,
            #"beampipe_api_requests_total{method="PUT",route="unmatched",status="405"} 1"#,
            #"beampipe_api_requests_total{method="POST",route="/api/v2/executions",status="201"} 0"#,
            #"beampipe_api_request_duration_seconds_count{method="GET",route="unmatched",status="404"} 1"#,
        ] {
            #expect(lines.contains(expected), "\(expected)")
        }
        try Self.others(client)
        await weir.stop()
    }

    /// What belongs to every request, whatever it asks for.
    private static func others(_ client: HTTPTestClient) throws {
        let large = String(repeating: " ", count: 2 << 20) + " "
        let tooLarge = try client.post("/api/v2/executions", json: large)
        #expect(tooLarge.status == 413)
        #expect(try JSONDocument(tooLarge.body).root["failure"]?["class"]?.string == "validation")
        // Contract pipelogiq §1.1: the envelope of the observability endpoints, too.
        let config = try client.post("/observability/config", json: large)
        #expect(config.status == 413)
        #expect(try JSONDocument(config.body).root["error"]?["code"]?.string == "invalid_payload")
        let method = try client.send("PUT", "/observability/config", fields: [], body: [])
        #expect(method.status == 405 && method.body.isEmpty)
        // Contract pipelogiq §0.4.
        #expect(try client.get("/healthz").text == "ok")
        #expect(try client.get("/readyz").text == "ok")
        // Contract beampipe §6.4: what is sent is echoed, also with an error, unless it is no visible ASCII of 128 at most.
        for (sent, isTaken) in [
            ("r-1", true), (String(repeating: "x", count: 128), true),
            (String(repeating: "x", count: 129), false),
            ("a b", false),
        ] {
            let answer = try client.get("/api/v2/nothing", fields: [("X-Request-Id", sent)])
            #expect((answer["X-Request-Id"] == sent) == isTaken, "\(sent)")
            #expect(answer["X-Request-Id"]?.isEmpty == false)
        }
        // Contract beampipe §6.8 and §10 row 27, D36: one document.
        let document = try client.get("/api/v2/openapi.json")
        #expect(document.body == (try client.get("/openapi.json").body))
        let root = try JSONDocument(document.body).root
        #expect(root["openapi"]?.string == "3.1.0")
        #expect(root["components"]?["securitySchemes"]?["bearer"]?["scheme"]?.string == "bearer")
        for path in ["/api/v2/health", "/api/v2/health/tap"] {
            let security = root["paths"]?[path]?["get"]?["security"]
            #expect(security.map { Array($0.rawBytes) } == Array("[]".utf8), "\(path)")
        }
    }

    /// Contract beampipe §3.3, §3.7, §4.2, §6.3: whose token may do what. Reading needs `read`, telling of work `ingest`,
    /// changing Weir `admin`; executions and events are told, everything else below /api/v2 is Weir's.
    @Test func `need the scope of what they do`() async throws {
        let weir = try await EmbeddedServer.start()
        let open = ["/api/v2/health", "/api/v2/health/tap", "/api/v2/ready", "/api/v2/openapi.json"]
        let told = ["/api/v2/executions", "/api/v2/projects"]
        let platform = try DescribedAPI(try weir.client()).operations.filter { $0.path.hasPrefix("/api/v2/") }
        #expect(platform.count > 60)
        for operation in platform {
            let security = operation.node["security"]?.elements.first { _ in true }
            let scope = security?["bearer"]?.elements.first { _ in true }?.string
            let expected: String? =
                if open.contains(operation.path) {
                    nil
                } else if operation.method == "get" || operation.path.hasSuffix("/preview") {
                    "read"
                } else {
                    told.contains { operation.path.hasPrefix($0) } ? "ingest" : "admin"
                }
            #expect(scope == expected, "\(operation.name)")
        }
        await weir.stop()
    }

    /// The families of the platform that Weir has: contract beampipe §2.2, §3.7. The counters of contract pipelogiq §5.
    private static let families = [
        "beampipe_api_request_duration_seconds histogram", "beampipe_api_requests_total counter",
        "beampipe_dependency_up gauge", "beampipe_events_ingested_total counter",
        "beampipe_execute_duration_seconds histogram", "beampipe_execute_terminal_total counter",
        "beampipe_execution_admitted_total counter", "beampipe_execution_retries_total counter",
        "beampipe_executions_active gauge", "beampipe_executions_by_external_state gauge",
        "beampipe_executions_inflight gauge", "beampipe_executions_oldest_active_age_seconds gauge",
        "beampipe_jobs_oldest_queued_age_seconds gauge", "beampipe_jobs_queue_depth gauge",
        "beampipe_jobs_queued gauge", "beampipe_jobs_running gauge",
        "beampipe_reconciliation_risk_executions gauge", "beampipe_sources_processing gauge",
        "beampipe_unsafe_inline_secret_rejected_total counter", "beampipe_worker_heartbeat_age_seconds gauge",
    ]
    private static let counters = [
        "stage_published_total", "stage_result_processed_total", "stage_result_failed_total",
        "stage_status_updated_total", "pending_marked_failed_total", "ext_pipeline_created_total",
        "ext_stage_jobs_pulled_total", "ext_stage_jobs_acked_total", "ext_stage_jobs_nacked_total",
    ]

    @Test func `find every family from the start, with HELP and TYPE, and Pipelogiq's counters at 0`()
        async throws
    {
        let weir = try await EmbeddedServer.start()
        // Durations are there from the first request on.
        let client = try weir.client()
        #expect(try client.get("/api/v2/health").status == 200)
        let text = try client.get("/api/v2/metrics").text
        let lines = text.split(separator: "\n").map(String.init)
        let types = lines.filter { $0.hasPrefix("# TYPE ") }.map { String($0.dropFirst(7)) }
        #expect(types.filter { $0.hasPrefix("beampipe_") }.sorted() == Self.families)
        for name in Self.counters {
            #expect(types.contains("\(name) counter"), "\(name)")
            #expect(lines.contains("\(name) 0"), "\(name)")
        }
        let helps = Set(lines.filter { $0.hasPrefix("# HELP ") }.map { $0.split(separator: " ")[2] })
        for type in types { #expect(helps.contains(type.split(separator: " ")[0]), "\(type)") }
        await weir.stop()
    }

    /// Contract beampipe §2.2, family 36.
    @Test func `with a secret in production are counted`() async throws {
        let environment = try #require(Settings.rows().first { $0.name == "WEIR_ENVIRONMENT" })
        let weir = try await EmbeddedServer.start { try? $0.set(environment, to: "production") }
        let client = try weir.client()
        let series = #"beampipe_unsafe_inline_secret_rejected_total{surface="notification_channel"}"#
        #expect(try client.get("/metrics").text.contains("\(series) 0\n"))
        let channel =
            #"{"name":"n","kind":"webhook","config":{"url":"https://hooks.example.org/x","secret":"s"}}"#
        #expect(try client.post("/api/v2/notification-channels", json: channel).status == 400)
        #expect(try client.get("/metrics").text.contains("\(series) 1\n"))
        await weir.stop()
    }

    @Test func `may come by a listener for scrapers, also by its original name`() throws {
        let settings = try Settings.resolve(
            flags: ["listen": "127.0.0.1:8000"],
            environment: ["BEAMPIPE_METRICS_BIND_ADDR": "127.0.0.1:9090"]
        ).settings
        #expect(settings.listen.map(\.description) == ["127.0.0.1:8000", "metrics@127.0.0.1:9090"])
    }
}
