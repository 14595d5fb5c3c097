import API
import Core
import FeatureTestKit
import HTTP
import Logging
import Metrics
import Notifications
import Outbound
import Postgres
import TestKit
import Testing

@testable import Alerts

@Suite("Integrations", .serialized)
struct IntegrationRoutesTests {
    @Test func `are listed in their order, with and without the prefix`() async throws {
        let weir = try AlertsHarness()
        for path in ["/observability/config", "/api/observability/config"] {
            let answer = try await weir.feature.send(.get, path)
            #expect(
                answer.text
                    == #"{"integrations":[{"type":"opentelemetry","status":"not_configured"},{"type":"alerting","status":"not_configured"},{"type":"grafana","status":"not_configured"},{"type":"sentry","status":"not_configured"},{"type":"datadog","status":"not_configured"},{"type":"graylog","status":"not_configured"}]}"#
            )
        }
        let status = try await weir.feature.send(.get, "/api/observability/status")
        #expect(
            status.text
                == #"{"otel":{"configured":false,"connected":false,"exportRatePerMin":0.0,"dropRate":0.0},"prometheus":{"configured":false,"connected":false,"scrapeEndpoint":"/metrics"},"logs":{"configured":false,"linkTemplateConfigured":false},"alerting":{"configured":false,"channels":[],"events":[]}}"#
        )
    }

    @Test func `ask to come again while PostgreSQL is away`() async throws {
        let pool = Pool(ConnectionTarget(socketDirectory: "/nonexistent", user: "u", database: "d"))
        let vault = ChannelVault(pool: pool, key: .failure(.badKey))
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let integrations = Integrations(
            pool: pool,
            key: vault.key,
            rows: AlertingRows(vault: vault, mail: MailDefaults()),
            tester: ChannelTester(
                pool: pool,
                vault: vault,
                send: { _, _ in .sent(status: 200, note: nil) },
                lease: .seconds(1),
                metrics: AlertsMetrics(registry: Registry())
            ),
            probe: ReachabilityProbe(policy: OutboundPolicy()),
            logger: logger
        )
        for endpoint in IntegrationRoutes(tester: IntegrationTester(integrations: integrations)).all {
            guard endpoint.method == .get, case .async(let handle) = endpoint.handler else { continue }
            let head = RequestHead(method: .get, target: endpoint.path, fields: [:])
            let answer = await handle(Request(head: head, receivedAt: .epoch))
            #expect(answer.status.code == 503 && answer.fields["Retry-After"] == "1", "\(endpoint.path)")
            guard case .bytes(let body) = answer.body else {
                Issue.record("no body")
                continue
            }
            #expect(
                String(decoding: body, as: UTF8.self)
                    == #"{"error":{"code":"internal_error","message":"PostgreSQL is away or busy: ask again"}}"#
            )
        }
    }

    @Test(
        "refuse what is not their body, each case with its code",
        arguments: [
            ("{", "invalid_payload", nil),
            ("[]", "invalid_payload", #""the body is not an object""#),
            (#"{"type":"grafana","x":1}"#, "invalid_payload", #""unknown member \"x\"""#),
            (#"{"type":"grafana"} {}"#, "invalid_payload", nil),
            (#"{"type":5}"#, "invalid_payload", #""type is not a text""#),
            (#"{"type":"grafana","config":[]}"#, "invalid_payload", #""config is not an object""#),
            (#"{"type":"prometheus"}"#, "invalid_integration_type", #"{"type":"prometheus"}"#),
            ("{}", "invalid_integration_type", #"{"type":""}"#),
            (
                #"{"type":"opentelemetry","config":{"protocol":"udp"}}"#, "invalid_config",
                #"{"type":"opentelemetry"}"#
            ),
            (
                #"{"type":"opentelemetry","config":{"tlsInsecure":null}}"#, "invalid_config",
                #"{"type":"opentelemetry","field":"tlsInsecure"}"#
            ),
            (
                #"{"type":"opentelemetry","config":{"headers":{"a":1}}}"#, "invalid_config",
                #"{"field":"headers"}"#
            ),
            (#"{"type":"opentelemetry","config":{"headers":[]}}"#, "invalid_config", #"{"field":"headers"}"#),
        ] as [(String, String, String?)]
    )
    func refusals(_ body: String, _ code: String, _ details: String?) async throws {
        let weir = try AlertsHarness()
        let answer = try await weir.post("/observability/config", body)
        #expect(answer.status == 400, "\(answer.text)")
        let error = try answer.json["error"]
        #expect(error?["code"]?.string == code)
        #expect(error?["message"]?.string?.isEmpty == false)
        if let details { #expect(error?["details"].map(Self.text) == details) }
    }

    @Test func `take no configuration with a test`() async throws {
        let weir = try AlertsHarness()
        let answer = try await weir.post("/observability/test", #"{"type":"grafana","config":{}}"#)
        #expect(answer.status == 400)
        #expect(try answer.json["error"]?["code"]?.string == "invalid_payload")
    }

    @Test func `take 131072 bytes of body and 65536 bytes of configuration, and not one more`() async throws {
        let weir = try AlertsHarness()
        func body(config: Int) -> String {
            let text = String(repeating: "x", count: config - #"{"k":""}"#.utf8.count)
            return #"{"type":"grafana","config":{"k":"\#(text)"}}"#
        }
        let whole = body(config: 65_536)
        let largest = whole + String(repeating: " ", count: 131_072 - whole.utf8.count)
        #expect(try await weir.post("/observability/config", largest).status == 200)
        let tooLong = try await weir.post("/observability/config", largest + " ")
        #expect(try tooLong.json["error"]?["code"]?.string == "invalid_payload")
        let tooLarge = try await weir.post("/observability/config", body(config: 65_537))
        #expect(
            tooLarge.text
                == #"{"error":{"code":"config_too_large","message":"The configuration is larger than 65536 bytes","details":{"maxBytes":65536}}}"#
        )
    }

    @Test(
        "refuse an alerting document with the field named",
        arguments: [
            (#"{"channels":5,"enabledEvents":5}"#, #"{"type":"alerting","field":"channels"}"#),
            (#"{"channels":["x"],"enabledEvents":[1]}"#, #"{"type":"alerting","field":"enabledEvents"}"#),
            (
                #"{"channels":[" SMS "],"enabledEvents":["x"]}"#,
                #"{"type":"alerting","field":"channels","value":"sms"}"#
            ),
            (
                #"{"channels":[],"enabledEvents":"stage_failed, Nothing"}"#,
                #"{"type":"alerting","field":"enabledEvents","value":"nothing"}"#
            ),
            (
                #"{"dedupeWindowSeconds":0,"sendResolved":null}"#,
                #"{"type":"alerting","field":"dedupeWindowSeconds"}"#
            ),
            (#"{"dedupeWindowSeconds":"-1"}"#, #"{"type":"alerting","field":"dedupeWindowSeconds"}"#),
            (
                #"{"dedupeWindowSeconds":"soon","sendResolved":null}"#,
                #"{"type":"alerting","field":"sendResolved"}"#
            ),
            (#"{"sendResolved":"yes"}"#, #"{"type":"alerting","field":"sendResolved"}"#),
            (#"{"enabled":1}"#, #"{"type":"alerting","field":"enabled"}"#),
            (
                #"{"channelEvents":{"slack":["x"]}}"#,
                #"{"type":"alerting","field":"channelEvents","value":"x"}"#
            ),
            (
                #"{"minSeverity":{"sms":"error"}}"#,
                #"{"type":"alerting","field":"minSeverity","value":"sms"}"#
            ),
            (#"{"webhookUrl":"ftp://x/y"}"#, #"{"type":"alerting","field":"webhookUrl"}"#),
            (#"{"telegramChatId":"me"}"#, #"{"type":"alerting","field":"telegramChatId"}"#),
            (#"{"pagerdutyRoutingKey":"short"}"#, #"{"type":"alerting","field":"pagerdutyRoutingKey"}"#),
            (
                #"{"emailRecipients":"a@b.org, nobody"}"#,
                #"{"type":"alerting","field":"emailRecipients","value":"nobody"}"#
            ),
        ]
    )
    func lenient(_ config: String, _ details: String) async throws {
        let weir = try AlertsHarness()
        let answer = try await weir.post("/observability/config", #"{"type":"alerting","config":\#(config)}"#)
        #expect(answer.status == 400, "\(answer.text)")
        let error = try answer.json["error"]
        #expect(error?["code"]?.string == "invalid_config")
        #expect(error?["details"].map(Self.text) == details)
    }

    @Test func `keep a document as it was sent, whatever its dashboard leaves empty`() async throws {
        let weir = try AlertsHarness()
        let sent =
            #"{"channels":"Slack, webhook","enabledEvents":["STAGE_FAILED"],"dedupeWindowSeconds":"60","sendResolved":"true","telegramBotToken":"","slackWebhookUrl":"","mine":{"deep":[1,2.50]}}"#
        let saved = try await weir.post(
            "/api/observability/config",
            #"{"type":" Alerting ","config":\#(sent)}"#
        )
        #expect(saved.status == 200, "\(saved.text)")
        let shown = try Self.integration(saved, "alerting")
        #expect(shown?["config"].map(Self.text) == sent)
        #expect(shown?["status"]?.string == "not_configured")
        let status = try await weir.feature.send(.get, "/observability/status").json["alerting"]
        #expect(
            status.map(Self.text)
                == #"{"configured":false,"channels":["slack","webhook"],"events":["stage_failed"]}"#
        )
    }

    @Test func `mask secrets, keep those whose mask comes back, and seal them at rest`() async throws {
        let weir = try AlertsHarness()
        let sent =
            #"{"channels":["telegram"],"enabledEvents":["stage_failed"],"telegramBotToken":"123:very-secret","telegramChatId":"-100","webhookHeaders":{"X-Key":"very-secret-value"},"myApiKey":"very-secret-key"}"#
        let masked =
            #"{"channels":["telegram"],"enabledEvents":["stage_failed"],"telegramBotToken":"********","telegramChatId":"-100","webhookHeaders":{"X-Key":"********"},"myApiKey":"********"}"#
        let first = try await weir.post("/observability/config", #"{"type":"alerting","config":\#(sent)}"#)
        #expect(try Self.config(first, "alerting") == masked)
        #expect(!first.text.contains("very-secret"))
        let again = try await weir.post("/observability/config", #"{"type":"alerting","config":\#(masked)}"#)
        #expect(try Self.config(again, "alerting") == masked)
        let atRest = try await weir.document("alerting")
        #expect(!atRest.contains("very-secret"))
        #expect(atRest.contains("sealed:v1:"))
        let bad = try await weir.post(
            "/observability/config",
            #"{"type":"alerting","config":{"slackWebhookUrl":"********"}}"#
        )
        #expect(try bad.json["error"]?["details"]?["field"]?.string == "slackWebhookUrl")
    }

    @Test func `mask the values of headers in the form in which they were sent`() async throws {
        let weir = try AlertsHarness()
        func save(_ headers: String) async throws -> FeatureHarness.Answer {
            try await weir.post(
                "/observability/config",
                #"{"type":"opentelemetry","config":{"headers":\#(headers)}}"#
            )
        }
        let lines = try await save(#""api-key=one\nteam=two""#)
        #expect(try Self.config(lines, "opentelemetry") == #"{"headers":"api-key=********\nteam=********"}"#)
        let changed = try await save(#""team=three,api-key=********""#)
        #expect(try Self.config(changed, "opentelemetry") == #"{"headers":"team=********,api-key=********"}"#)
        let object = try await save(#"{"api-key":"********"}"#)
        #expect(try Self.config(object, "opentelemetry") == #"{"headers":{"api-key":"********"}}"#)
        #expect(try await save(#"{"other":"********"}"#).status == 400)
        #expect(try await save("\"\"").status == 200)
    }

    @Test func `forget what tests said when the document changes, and only then`() async throws {
        let weir = try AlertsHarness()
        let receiver = try Receiver(Receiver.answer(200))
        func save(_ more: String) async throws -> JSONNode? {
            let answer = try await weir.post(
                "/observability/config",
                #"{"type":"opentelemetry","config":{\#(more)"endpoint":"\#(receiver.url)","protocol":"http"}}"#
            )
            return try Self.integration(answer, "opentelemetry")
        }
        #expect(try await save("")?["status"]?.string == "configured")
        let test = try await weir.post("/observability/test", #"{"type":"opentelemetry"}"#)
        #expect(
            test.text.hasPrefix(
                #"{"success":true,"message":"Connection established successfully","latencyMs":"#
            )
        )
        let same = try await save("")
        #expect(same?["status"]?.string == "connected")
        #expect(same?["lastTestedAt"]?.string == same?["lastSuccessAt"]?.string)
        #expect(same?["lastTestedAt"]?.string?.count == 20)
        let changed = try await save(#""samplingRate":5,"#)
        #expect(changed?["status"]?.string == "configured")
        #expect(changed?["lastTestedAt"] == nil)
    }

    @Test func `count a stored text that is no JSON object as an empty document`() async throws {
        let weir = try AlertsHarness()
        _ = try await weir.post("/observability/config", #"{"type":"grafana","config":{"dashboardUrl":"x"}}"#)
        try await weir.execute(
            "UPDATE observability_integration_config SET config_json = 'broken' WHERE type = 'grafana'"
        )
        let answer = try await weir.feature.send(.get, "/observability/config")
        #expect(answer.status == 200)
        #expect(try Self.integration(answer, "grafana")?["config"] == nil)
    }

    // MARK: - Pieces

    static func integration(_ answer: FeatureHarness.Answer, _ type: String) throws -> JSONNode? {
        try answer.json["integrations"]?.elements.first { $0["type"]?.string == type }
    }

    private static func config(_ answer: FeatureHarness.Answer, _ type: String) throws -> String {
        try integration(answer, type)?["config"].map(text) ?? answer.text
    }

    private static func text(_ node: JSONNode) -> String { String(decoding: node.rawBytes, as: UTF8.self) }
}

extension AlertsHarness {
    /// Changes rows as somebody else does.
    func execute(_ sql: String) async throws {
        try await feature.pool.withConnection { connection in
            _ = try connection.execute(Statement("of a test", sql), [])
        }
    }

    /// A document as it is stored.
    func document(_ type: String) async throws -> String {
        try await feature.pool.withConnection { connection in
            try connection.execute(
                "SELECT config_json FROM observability_integration_config WHERE type = $1",
                [.text(type)]
            )[0].text("config_json")
        }
    }
}
