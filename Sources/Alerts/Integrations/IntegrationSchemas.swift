internal import API

/// Bodies and answers of the observability endpoints as `/openapi.json` describes them.
enum IntegrationSchemas {
    private static let types = IntegrationType.allCases.map(\.rawValue)

    static let config = APISchema(
        "IntegrationConfig",
        [
            .init("type", .word(types)),
            .init(
                "config",
                APIType.object.orNull.noting("The whole document; what is left out is removed."),
                isRequired: false
            ),
        ]
    )

    static let test = APISchema("IntegrationTest", [.init("type", .word(types))])

    static let list = APISchema(
        "Integrations",
        [.init("integrations", .list(.named(integration)))]
    )

    private static let integration = APISchema(
        "Integration",
        [
            .init("type", .word(types)),
            .init("status", .word(["not_configured", "configured", "connected", "disconnected"])),
            .init(
                "config",
                APIType.object.noting("As it was saved; secrets are \(IntegrationSecrets.mask)."),
                isRequired: false
            ),
            .init("lastTestedAt", .moment, isRequired: false),
            .init("lastSuccessAt", .moment, isRequired: false),
            .init("lastError", .text, isRequired: false),
        ]
    )

    static let tested = APISchema(
        "IntegrationTested",
        [
            .init("success", .flag),
            .init("message", .text),
            .init("latencyMs", .count, isRequired: false),
            .init("results", .list(.named(channelResult)), isRequired: false),
        ]
    )

    private static let channelResult = APISchema(
        "IntegrationChannelResult",
        [
            .init("channel", .word(AlertingChannel.allCases.map(\.rawValue))),
            .init("success", .flag),
            .init("message", .text),
            .init("latencyMs", .count),
        ]
    )

    static let status = APISchema(
        "IntegrationOverview",
        [
            .init("otel", .object),
            .init("prometheus", .object),
            .init("logs", .object),
            .init("alerting", .object),
        ]
    )

    static let alerts = APISchema(
        "ObservabilityAlerts",
        [
            .init("alerts", .list(.named(alert))),
            .init("next", APIType.text.noting("For `before`; absent on the last page."), isRequired: false),
        ]
    )

    private static let alert = APISchema(
        "ObservabilityAlert",
        [
            .init("id", .text),
            .init("channel", .text, isRequired: false),
            .init("state", .word(["pending", "sent", "failed"])),
            .init("alert", .object, isRequired: false),
            .init("attempts", .count),
            .init("nextAttemptAt", .moment, isRequired: false),
            .init("lastStatus", APIType(.integer), isRequired: false),
            .init("lastError", .text, isRequired: false),
            .init("createdAt", .moment),
            .init("sentAt", .moment, isRequired: false),
        ]
    )
}
