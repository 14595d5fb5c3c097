internal import Notifications

/// The integrations, in the order of every list. Contract pipelogiq §1.2.
enum IntegrationType: String, CaseIterable, Sendable {
    case opentelemetry, alerting, grafana, sentry, datadog, graylog

    /// Reads a word as it was sent: trimmed, in any case.
    init?(sent text: String) {
        self.init(rawValue: text.trimmed.lowercased())
    }

    /// The keys whose values nobody may see. Contract pipelogiq §1.3, §6.9.
    var secretKeys: Set<String> {
        switch self {
        case .alerting:
            [
                "telegramBotToken", "whatsappWebhookUrl", "slackWebhookUrl", "teamsWebhookUrl", "webhookUrl",
                "pagerdutyRoutingKey", "webhookSecret", "webhookHeaders", "opsgenieApiKey",
                "discordWebhookUrl",
                "whatsappAccessToken", "whatsappAuthToken", "smtpPassword",
            ]
        case .datadog: ["apiKey"]
        case .sentry: ["dsn"]
        case .opentelemetry: ["headers"]
        case .grafana, .graylog: []
        }
    }

    /// The keys without which it is not configured; those of `alerting` depend on its channels. Contract pipelogiq §1.4.
    var requiredKeys: [String] {
        switch self {
        case .opentelemetry: ["endpoint", "protocol"]
        case .alerting: []
        case .grafana: ["dashboardUrl"]
        case .sentry: ["dsn", "environment"]
        case .datadog: ["site", "apiKey"]
        case .graylog: ["baseUrl", "provider", "searchUrlTemplate"]
        }
    }

    /// Keys that are known, and no secrets, whatever their names sound like.
    private static let plainKeys: Set<String> = [
        "telegramChatId", "telegramMessageThreadId", "telegramSilent",
    ]

    /// Whether the value of a key is a secret. Of keys that Weir does not know, the name says it.
    func isSecret(_ key: String) -> Bool {
        if secretKeys.contains(key) { return true }
        if Self.plainKeys.contains(key) { return false }
        let word = key.lowercased().filter { $0 != "_" && $0 != "-" }
        return Self.secretWords.contains { word.contains($0) }
    }

    private static let secretWords = [
        "password", "passphrase", "token", "secret", "credential", "authorization", "apikey", "routingkey",
        "privatekey",
    ]
}

extension String {
    /// The text without white space at its ends.
    var trimmed: String {
        let front = drop { $0.isWhitespace }
        guard let last = front.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(front[...last])
    }
}
