import Core
import Notifications
import Testing

@testable import Alerts

@Suite("The status of an integration")
struct IntegrationStatusTests {
    /// The matrix of contract pipelogiq §9, and every rule of §1.5. Times are minutes before noon.
    @Test(
        "follows from its document and what tests said",
        arguments: [
            (#"{"endpoint":"collector:4317"}"#, nil, nil, nil, "not_configured"),
            (#"{"endpoint":"collector:4317","protocol":"http"}"#, nil, nil, nil, "configured"),
            (#"{"endpoint":"collector:4317","protocol":"http"}"#, 5, 5, nil, "connected"),
            (#"{"endpoint":"collector:4317","protocol":"grpc"}"#, 1440, 1440, nil, "connected"),
            (#"{"endpoint":"collector:4317","protocol":"grpc"}"#, 5, 30, "dial timeout", "disconnected"),
            (#"{"endpoint":"collector:4317","protocol":"grpc"}"#, 5, nil, "dial timeout", "disconnected"),
            (#"{"endpoint":"collector:4317","protocol":"grpc"}"#, 5, nil, nil, "configured"),
            (#"{"endpoint":"collector:4317","protocol":"grpc"}"#, 1, 9, " ", "connected"),
            (#"{"endpoint":"collector:4317","protocol":"grpc"}"#, 1, 11, nil, "configured"),
            (#"{"endpoint":"collector:4317","protocol":"grpc"}"#, nil, 99, "old", "connected"),
            (#"{"endpoint":" ","protocol":"grpc"}"#, 5, 5, nil, "not_configured"),
            (#"{"endpoint":"x","protocol":"carrier pigeon"}"#, 5, 5, nil, "not_configured"),
        ] as [(String, Int?, Int?, String?, String)]
    )
    func matrix(_ config: String, _ tested: Int?, _ succeeded: Int?, _ error: String?, _ expected: String)
        throws
    {
        let noon = try #require(Timestamp(lenient: "2026-02-16T12:00:00Z"))
        let document = IntegrationDocument(
            .opentelemetry,
            JSONValue(try JSONDocument(text: config).root)
        )
        let health = IntegrationHealth(
            testedAt: tested.map { noon - .seconds($0 * 60) },
            succeededAt: succeeded.map { noon - .seconds($0 * 60) },
            error: error
        )
        #expect(IntegrationStatus(document, health, at: noon).rawValue == expected)
    }

    @Test(
        "needs the keys of its type, as texts that are not blank",
        arguments: [
            (.grafana, #"{"dashboardUrl":"http://localhost:3100"}"#, true),
            (.grafana, #"{"dashboardUrl":5}"#, false),
            (.sentry, #"{"dsn":"https://k@h/1","environment":"prod"}"#, true),
            (.sentry, #"{"dsn":"https://k@h/1"}"#, false),
            (.datadog, #"{"site":"datadoghq.eu","apiKey":"k"}"#, true),
            (.datadog, #"{"site":"datadoghq.eu","apiKey":"  "}"#, false),
            (.graylog, #"{"baseUrl":"http://g","provider":"loki","searchUrlTemplate":"http://g?q"}"#, true),
            (.graylog, #"{"baseUrl":"http://g","provider":"loki"}"#, false),
            (
                .alerting,
                #"{"channels":["webhook"],"enabledEvents":["stage_failed"],"webhookUrl":"http://h/x"}"#, true
            ),
            (
                .alerting,
                #"{"channels":"webhook","enabledEvents":"stage_failed;","webhookUrl":"http://h/x"}"#, true
            ),
            (.alerting, #"{"channels":["webhook"],"enabledEvents":[],"webhookUrl":"http://h/x"}"#, false),
            (
                .alerting,
                #"{"channels":["webhook","slack"],"enabledEvents":["stage_failed"],"webhookUrl":"http://h/x"}"#,
                false
            ),
            (
                .alerting,
                #"{"channels":["telegram"],"enabledEvents":["stage_failed"],"telegramBotToken":"t","telegramChatId":-1001}"#,
                true
            ),
            (
                .alerting,
                #"{"channels":["email"],"enabledEvents":["stage_failed"],"emailRecipients":["a@b.org"]}"#,
                true
            ),
        ] as [(IntegrationType, String, Bool)]
    )
    func completeness(_ type: IntegrationType, _ config: String, _ isConfigured: Bool) throws {
        let document = IntegrationDocument(type, JSONValue(try JSONDocument(text: config).root))
        #expect(document.isConfigured == isConfigured)
    }

    @Test func `reads headers as an object, as lines and as a comma list`() throws {
        let forms = [
            #"{"a":"1","b":"x=2"}"#, #""a=1\nb=x=2""#, #""a=1,b=x=2""#, #""\r\na = 1\r\n b = x=2 \r\n""#,
        ]
        for form in forms {
            let list = HeaderList(JSONValue(try JSONDocument(text: form).root))
            #expect(list?.fields.map(\.name) == ["a", "b"], "\(form)")
            #expect(list?.fields.map(\.value) == ["1", "x=2"], "\(form)")
        }
        #expect(HeaderList(.text(" "))?.fields.isEmpty == true)
        #expect(HeaderList(.text("nothing")) == nil)
        #expect(HeaderList(.object([.init("a", 1)])) == nil)
    }
}
