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
