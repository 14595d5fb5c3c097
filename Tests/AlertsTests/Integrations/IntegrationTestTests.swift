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

    /// What a collector of gRPC answers to an export without spans, and what the test says; nil for a success.
    private static let calls: [([(name: String, value: String)], String?)] = [
        ([("grpc-status", "0")], nil),
        (
            [("grpc-status", "12"), ("grpc-message", "unknown%20service")],
            "endpoint returned UNIMPLEMENTED: unknown service: it receives no traces there"
        ),
        (
            [("grpc-status", "16"), ("grpc-message", "bad key lab-secret%0Asorry")],
            "endpoint returned UNAUTHENTICATED: bad key … sorry: check the headers"
        ),
        ([("grpc-status", "7")], "endpoint returned PERMISSION_DENIED: check the headers"),
        ([("grpc-status", "14")], "endpoint returned UNAVAILABLE"),
        ([("x-other", "1")], "the answer has no grpc-status (HTTP 200): is this an endpoint of gRPC?"),
    ]

    @Test func `sends an empty export to a collector of gRPC, and believes its status only`() async throws {
        let weir = try AlertsHarness()
        for (trailers, problem) in Self.calls {
            let collector = try GRPCStub(trailers)
            try await Self.save(
                weir,
                "opentelemetry",
                #"{"endpoint":"http://127.0.0.1:\#(collector.port)/x","protocol":"GRPC","headers":"x-key=lab-secret"}"#
            )
            let answer = try await Self.test(weir, "opentelemetry")
            #expect(try answer.json["success"]?.bool == (problem == nil))
            let said = problem ?? "Connection established successfully"
            #expect(try answer.json["message"]?.string == said)
            // One message without bytes.
            #expect(collector.calls == [[0, 0, 0, 0, 0]])
        }
    }

    @Test func `says when nobody listens, or speaks another language, where gRPC was expected`() async throws
    {
        let weir = try AlertsHarness()
        func said(_ config: String) async throws -> String {
            try await Self.save(weir, "opentelemetry", config)
            return try await Self.test(weir, "opentelemetry").text
        }
        let refused =
            #"{"success":false,"message":"grpc reachability failed: cannot connect: Connection refused"}"#
        #expect(try await said(#"{"endpoint":"127.0.0.1:1","protocol":"grpc"}"#) == refused)
        let listener = try Receiver(Receiver.answer(200))
        #expect(
            try await said(#"{"endpoint":"127.0.0.1:\#(listener.port)","protocol":"grpc"}"#)
                .hasPrefix(#"{"success":false,"message":"grpc reachability failed: "#)
        )
        #expect(
            try await said(#"{"endpoint":"https://:4317","protocol":"grpc"}"#)
                == #"{"success":false,"message":"grpc reachability failed: there is no host and port in the endpoint"}"#
        )
        // TLS is spoken, which the stub does not understand.
        let plain = try GRPCStub([("grpc-status", "0")])
        for config in [
            #"{"endpoint":"127.0.0.1:PORT","protocol":"grpc","tlsInsecure":"false"}"#,
            #"{"endpoint":"https://127.0.0.1:PORT","protocol":"grpc","tlsInsecure":true}"#,
        ] {
            #expect(
                try await said(config.replacing("PORT", with: "\(plain.port)")).contains("secure connection")
            )
        }
        let list = try await weir.feature.send(.get, "/observability/config")
        #expect(
            try IntegrationRoutesTests.integration(list, "opentelemetry")?["status"]?.string == "disconnected"
        )
    }

    @Test func `calls a collector of gRPC through a tunnel when there is a proxy`() async throws {
        let proxy = try Receiver(Receiver.answer(403))
        let weir = try AlertsHarness(["WEIR_ALERTS_PROXY": proxy.url])
        try await Self.save(weir, "opentelemetry", #"{"endpoint":"otel.example.org","protocol":"grpc"}"#)
        #expect(
            try await Self.test(weir, "opentelemetry").json["message"]?.string
                == "grpc reachability failed: the proxy answered 403"
        )
        #expect(proxy.requests.map(\.line) == ["CONNECT otel.example.org:4317 HTTP/1.1"])
    }

    @Test func `calls nothing that notifications may not call`() async throws {
        let weir = try AlertsHarness(["WEIR_ALERTS_DENY": "127.0.0.0/8"])
        let listener = try Receiver(Receiver.answer(200))
        let configs = [
            ("opentelemetry", Self.otel), ("opentelemetry", #"{"endpoint":"URL","protocol":"grpc"}"#),
            ("grafana", Self.grafana), ("sentry", Self.sentry), ("datadog", Self.datadog),
            ("graylog", Self.graylog),
        ]
        for (type, config) in configs {
            let keyed = listener.url.replacing("://", with: "://key@")
            let document = config.replacing("KEYURL", with: keyed).replacing("URL", with: listener.url)
            try await Self.save(weir, type, document)
            let answer = try await Self.test(weir, type).json
            #expect(answer["success"]?.bool == false)
            #expect(answer["message"]?.string?.contains("127.0.0.1 may not be called") == true, "\(type)")
        }
        #expect(listener.requests.isEmpty)
    }

    @Test func `goes over the proxy of notifications`() async throws {
        let proxy = try Receiver(Receiver.answer(204))
        let weir = try AlertsHarness(["WEIR_ALERTS_PROXY": proxy.url])
        try await Self.save(
            weir,
            "graylog",
            #"{"baseUrl":"http://logs.example.org/","provider":"graylog","searchUrlTemplate":"http://logs.example.org/?q=${traceId}"}"#
        )
        #expect(try await Self.test(weir, "graylog").json["success"]?.bool == true)
        #expect(proxy.requests.map(\.line) == ["GET http://logs.example.org/ HTTP/1.1"])
    }

    @Test func `posts an empty export with the configured headers to a collector of HTTP`() async throws {
        let weir = try AlertsHarness()
        let receiver = try Receiver(Receiver.answer(200), Receiver.answer(503))
        let config =
            #"{"endpoint":"\#(receiver.url)/","protocol":"http","headers":"x-team=red, x-none=, Content-Type=text/css"}"#
        try await Self.save(weir, "opentelemetry", config)
        #expect(try await Self.test(weir, "opentelemetry").json["success"]?.bool == true)
        let request = try #require(receiver.requests.first)
        #expect(request.line == "POST /v1/traces HTTP/1.1")
        #expect(request.body.isEmpty)
        #expect(request.field("Content-Type") == "application/x-protobuf")
        #expect(request.field("Content-Length") == "0")
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
            #"{"baseUrl":"http://127.0.0.1:1","provider":"graylog","searchUrlTemplate":"http://logs.example.org/?q=${traceId}","healthEndpoint":"127.0.0.1:\#(receiver.port)/ok"}"#
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

    /// A type, its document with URL for the receiver's, what the receiver answers, what it is asked, and what the test
    /// says; nil for a success.
    private static let contacts: [(String, String, String, String, String?)] = [
        ("opentelemetry", otel, Receiver.answer(200), "POST /v1/traces", nil),
        (
            "opentelemetry", otel, Receiver.answer(401), "POST /v1/traces",
            "endpoint returned status 401: check the headers"
        ),
        (
            "opentelemetry", otel, Receiver.answer(404), "POST /v1/traces",
            "endpoint returned status 404: it receives no OTLP there"
        ),
        ("opentelemetry", otel, Receiver.answer(302), "POST /v1/traces", "endpoint returned status 302"),
        ("grafana", grafana, Receiver.answer(200, #"{"database": "ok"}"#), "GET /g/api/health", nil),
        (
            "grafana", grafana, Receiver.answer(200, #"{"database":"failing"}"#), "GET /g/api/health",
            "Grafana answers, and its database does not"
        ),
        (
            "grafana", grafana, Receiver.answer(200, "<html>"), "GET /g/api/health",
            "the endpoint is no Grafana: its /api/health says nothing of a database"
        ),
        ("grafana", grafana, Receiver.answer(503), "GET /g/api/health", "endpoint returned status 503"),
        ("sentry", sentry, Receiver.answer(200, "{}"), "POST /s/api/42/envelope/", nil),
        (
            "sentry", sentry, Receiver.answer(403), "POST /s/api/42/envelope/",
            "endpoint returned status 403: it does not accept the key of the DSN"
        ),
        (
            "sentry", sentry, Receiver.answer(404), "POST /s/api/42/envelope/",
            "endpoint returned status 404: it does not know the project of the DSN"
        ),
        ("datadog", datadog, Receiver.answer(200, #"{"valid":true}"#), "GET /api/v1/validate", nil),
        (
            "datadog", datadog, Receiver.answer(200, "{}"), "GET /api/v1/validate",
            "the endpoint is no Datadog: it does not say that the API key is valid"
        ),
        (
            "datadog", datadog, Receiver.answer(403), "GET /api/v1/validate",
            "endpoint returned status 403: it does not accept the API key of this site"
        ),
        ("graylog", graylog, Receiver.answer(404), "GET /", nil),
        ("graylog", graylog, Receiver.answer(500), "GET /", "endpoint returned status 500"),
    ]

    private static let otel = #"{"endpoint":"URL/v1/traces/?x=1","protocol":"http"}"#
    private static let grafana = #"{"dashboardUrl":"URL/g/d/abc/runs?orgId=1"}"#
    private static let sentry = #"{"dsn":"KEYURL/s/42","environment":"prod"}"#
    private static let datadog = #"{"site":"URL","apiKey":"dd-secret"}"#
    private static let graylog =
        #"{"baseUrl":"URL/","provider":"loki","searchUrlTemplate":"http://logs.example.org/?q=${traceId}","inputUrl":"URL/gelf"}"#

    @Test func `contacts what each type names, and believes only the answer that means success`() async throws
    {
        let weir = try AlertsHarness()
        for (type, config, reply, line, problem) in Self.contacts {
            let receiver = try Receiver(reply)
            let keyed = receiver.url.replacing("://", with: "://sentry-secret:old@")
            try await Self.save(
                weir,
                type,
                config.replacing("KEYURL", with: keyed).replacing("URL", with: receiver.url)
            )
            let answer = try await Self.test(weir, type)
            #expect(answer.status == 200)
            #expect(try answer.json["success"]?.bool == (problem == nil), "\(type): \(answer.text)")
            let said = problem ?? "Connection established successfully"
            #expect(try answer.json["message"]?.string == said, "\(type)")
            #expect(receiver.requests.map(\.line) == ["\(line) HTTP/1.1"])
            #expect(!answer.text.contains("secret"))
            let list = try await weir.feature.send(.get, "/observability/config")
            let shown = try IntegrationRoutesTests.integration(list, type)
            #expect(shown?["status"]?.string == (problem == nil ? "connected" : "disconnected"), "\(type)")
            #expect(shown?["lastError"]?.string == problem)
            switch type {
            case "datadog": #expect(receiver.requests.first?.field("DD-API-KEY") == "dd-secret")
            case "sentry":
                let auth = receiver.requests.first?.field("X-Sentry-Auth")
                #expect(auth == "Sentry sentry_version=7, sentry_client=weir/1, sentry_key=sentry-secret")
                #expect(receiver.requests.first?.text == "{}\n")
            default: break
            }
        }
    }

    @Test func `sends a message to the GELF input of a Graylog, behind its health`() async throws {
        let weir = try AlertsHarness()
        let receiver = try Receiver(
            Receiver.answer(200),
            Receiver.answer(202),
            Receiver.answer(200),
            Receiver.answer(404)
        )
        try await Self.save(
            weir,
            "graylog",
            #"{"baseUrl":"\#(receiver.url)","provider":"Graylog","searchUrlTemplate":"http://logs.example.org/?q=${traceId}","inputUrl":"\#(receiver.url)"}"#
        )
        #expect(try await Self.test(weir, "graylog").json["success"]?.bool == true)
        #expect(receiver.requests.map(\.line) == ["GET / HTTP/1.1", "POST /gelf HTTP/1.1"])
        let message = try receiver.requests[1].json
        #expect(message["version"]?.string == "1.1")
        #expect(message["short_message"]?.string == "Connection test of Weir")
        #expect(
            try await Self.test(weir, "graylog").json["message"]?.string
                == "the GELF input returned status 404"
        )
    }

    @Test(
        "says what is wrong with a document before it contacts anybody",
        arguments: [
            (
                "sentry", #"{"dsn":"https://host/1","environment":"x"}"#,
                "the DSN does not have the form https://key@host/project"
            ),
            (
                "datadog", #"{"site":"evil/path","apiKey":"k"}"#,
                "the site is not one of Datadog, such as datadoghq.eu"
            ),
            ("grafana", #"{"dashboardUrl":"http://"}"#, "invalid url: host is required"),
        ]
    )
    func malformed(_ type: String, _ config: String, _ message: String) async throws {
        let weir = try AlertsHarness()
        try await Self.save(weir, type, config)
        #expect(try await Self.test(weir, type).json["message"]?.string == message)
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
