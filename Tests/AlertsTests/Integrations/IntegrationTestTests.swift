import Core
import FeatureTestKit
import HTTP
import TestKit
import Testing

@testable import Alerts

@Suite("A test of an integration", .serialized)
struct IntegrationTestTests {
    private static func save(_ weir: AlertsHarness, _ type: String, _ config: String) async throws {
        let answer = try await weir.post(
            "/observability/config",
            #"{"type":"\#(type)","config":\#(config)}"#
        )
        try #require(answer.status == 200, "\(answer.text)")
    }

    private static func test(_ weir: AlertsHarness, _ type: String) async throws -> FeatureHarness.Answer {
        try await weir.post("/observability/test", #"{"type":"\#(type)"}"#)
    }

    @Test func `fails when something is missing, and says since when`() async throws {
        let weir = try AlertsHarness()
        try await Self.save(weir, "opentelemetry", #"{"endpoint":"collector:4317"}"#)
        let answer = try await Self.test(weir, "opentelemetry")
        #expect(answer.status == 200)
        #expect(answer.text == #"{"success":false,"message":"Integration not configured"}"#)
        let list = try await weir.feature.send(.get, "/observability/config")
        let shown = try IntegrationRoutesTests.integration(list, "opentelemetry")
        #expect(shown?["lastError"]?.string == "Integration not configured")
        #expect(shown?["status"]?.string == "not_configured")
        #expect(shown?["lastTestedAt"]?.string?.count == 20)
    }

    @Test func `connects to a collector of gRPC, and says when nobody listens`() async throws {
        let weir = try AlertsHarness()
        let listener = try Receiver()
        let config = #"{"endpoint":"http://127.0.0.1:\#(listener.port)/x","protocol":"GRPC"}"#
        try await Self.save(weir, "opentelemetry", config)
        #expect(try await Self.test(weir, "opentelemetry").json["success"]?.bool == true)
        try await Self.save(weir, "opentelemetry", #"{"endpoint":"127.0.0.1:1","protocol":"grpc"}"#)
        #expect(
            try await Self.test(weir, "opentelemetry").text
                == #"{"success":false,"message":"grpc reachability failed: Connection refused"}"#
        )
        let list = try await weir.feature.send(.get, "/observability/config")
        #expect(
            try IntegrationRoutesTests.integration(list, "opentelemetry")?["status"]?.string == "disconnected"
        )
    }

    @Test(arguments: ["http", "grpc"])
    func `calls nothing that notifications may not call`(protocol: String) async throws {
        let weir = try AlertsHarness(["WEIR_ALERTS_DENY": "127.0.0.0/8"])
        let listener = try Receiver(Receiver.answer(200))
        let config = #"{"endpoint":"127.0.0.1:\#(listener.port)","protocol":"\#(`protocol`)"}"#
        try await Self.save(weir, "opentelemetry", config)
        let answer = try await Self.test(weir, "opentelemetry").json
        #expect(answer["success"]?.bool == false)
        #expect(answer["message"]?.string?.contains("127.0.0.1 may not be called") == true, "\(answer)")
        #expect(listener.requests.isEmpty)
    }

    @Test func `goes over the proxy of notifications`() async throws {
        let proxy = try Receiver(Receiver.answer(204))
        let weir = try AlertsHarness(["WEIR_ALERTS_PROXY": proxy.url])
        try await Self.save(
            weir,
            "graylog",
            #"{"baseUrl":"http://logs.example.org/","provider":"graylog","searchUrlTemplate":"x"}"#
        )
        #expect(try await Self.test(weir, "graylog").json["success"]?.bool == true)
        #expect(proxy.requests.map(\.line) == ["GET http://logs.example.org/ HTTP/1.1"])
    }

    @Test func `posts an empty object with the configured headers to a collector of HTTP`() async throws {
        let weir = try AlertsHarness()
        let receiver = try Receiver(Receiver.answer(404), Receiver.answer(503))
        let config = #"{"endpoint":"\#(receiver.url)/v1","protocol":"http","headers":"x-team=red, x-none="}"#
        try await Self.save(weir, "opentelemetry", config)
        #expect(try await Self.test(weir, "opentelemetry").json["success"]?.bool == true)
        let request = try #require(receiver.requests.first)
        #expect(request.line == "POST /v1 HTTP/1.1")
        #expect(request.text == "{}")
        #expect(request.field("x-team") == "red")
        #expect(request.field("x-none") == nil)
        #expect(
            try await Self.test(weir, "opentelemetry").text
                == #"{"success":false,"message":"endpoint returned status 503"}"#
        )
    }

    @Test func `asks the health endpoint of a log server, and adds http`() async throws {
        let weir = try AlertsHarness()
        let receiver = try Receiver(Receiver.answer(200))
        try await Self.save(
            weir,
            "graylog",
            #"{"baseUrl":"http://127.0.0.1:1","provider":"graylog","searchUrlTemplate":"x","healthEndpoint":"127.0.0.1:\#(receiver.port)/ok"}"#
        )
        #expect(try await Self.test(weir, "graylog").json["success"]?.bool == true)
        #expect(receiver.requests.first?.line == "GET /ok HTTP/1.1")
    }

    @Test func `never calls what a cloud tells its machines`() async throws {
        let weir = try AlertsHarness()
        let config = #"{"endpoint":"http://169.254.169.254/latest","protocol":"http"}"#
        try await Self.save(weir, "opentelemetry", config)
        let answer = try await Self.test(weir, "opentelemetry")
        #expect(try answer.json["message"]?.string?.contains("may not be called") == true, "\(answer.text)")
    }

    @Test func `says of types that it cannot test that nothing was contacted`() async throws {
        let weir = try AlertsHarness()
        try await Self.save(weir, "grafana", #"{"dashboardUrl":"http://127.0.0.1:1"}"#)
        #expect(
            try await Self.test(weir, "grafana").text
                == #"{"success":false,"message":"Weir cannot test grafana yet: nothing was contacted"}"#
        )
        let list = try await weir.feature.send(.get, "/observability/config")
        let shown = try IntegrationRoutesTests.integration(list, "grafana")
        #expect(shown?["status"]?.string == "configured")
        #expect(shown?["lastTestedAt"] == nil)
    }

    @Test func `sends the test alert to every selected channel, and keeps what became of it`() async throws {
        let weir = try AlertsHarness()
        let hook = try Receiver(Receiver.answer(200))
        let slack = try Receiver(Receiver.answer(404, "no_service"))
        let config =
            #"{"channels":["slack","webhook"],"enabledEvents":["stage_failed"],"webhookUrl":"\#(hook.url)/x","slackWebhookUrl":"\#(slack.url)/s"}"#
        try await Self.save(weir, "alerting", config)
        let answer = try await Self.test(weir, "alerting")
        #expect(answer.status == 200)
        let root = try answer.json
        #expect(root["success"]?.bool == false)
        #expect(root["message"]?.string?.hasPrefix("slack: ") == true, "\(answer.text)")
        #expect(root["latencyMs"] == nil)
        let results = Array(try #require(root["results"]).elements)
        #expect(results.map { $0["channel"]?.string } == ["slack", "webhook"])
        #expect(results.map { $0["success"]?.bool } == [false, true])
        #expect(results[1]["message"]?.string == "Test alert sent successfully")
        #expect(results[1]["latencyMs"]?.int64 != nil)
        let body = try #require(hook.requests.first).json
        #expect(body["source"]?.string == "pipelogiq")
        #expect(body["alert"]?["event"]?.string == "test_alert")
        #expect(body["alert"]?["severity"]?.string == "info")
        #expect(body["alert"]?["dedupeKey"] == nil)
        #expect(body["alert"]?["details"]?["source"]?.string == "observability.test")
        let history = try await weir.feature.send(.get, "/observability/alerts?event=test_alert").json
        let states = history["alerts"].map { $0.elements.map { $0["state"]?.string ?? "" }.sorted() }
        #expect(states == ["failed", "sent"])
        let deliveries = try await weir.feature.send(.get, "/api/v2/alert-deliveries").json.elements
        #expect(deliveries.map { $0["state"]?.string } == ["test", "test"])
    }

    @Test func `succeeds when every channel took it, once its health endpoint answers`() async throws {
        let weir = try AlertsHarness()
        let hook = try Receiver(Receiver.answer(200))
        let health = try Receiver(Receiver.answer(500), Receiver.answer(200))
        try await Self.save(
            weir,
            "alerting",
            #"{"channels":["webhook"],"enabledEvents":["stage_failed"],"webhookUrl":"\#(hook.url)/x","healthEndpoint":"\#(health.url)"}"#
        )
        #expect(
            try await Self.test(weir, "alerting").text
                == #"{"success":false,"message":"endpoint returned status 500"}"#
        )
        #expect(hook.requests.isEmpty)
        let answer = try await Self.test(weir, "alerting").json
        #expect(answer["success"]?.bool == true)
        #expect(answer["message"]?.string == "Test alert sent successfully")
        #expect(answer["latencyMs"]?.int64 != nil)
        let list = try await weir.feature.send(.get, "/observability/config")
        #expect(
            try IntegrationRoutesTests.integration(list, "alerting")?["status"]?.string == "connected"
        )
    }
}
