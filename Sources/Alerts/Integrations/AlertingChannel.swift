internal import Notifications

/// The channels of the alerting document, in the order of its dashboard. Contract pipelogiq §6.2, §6.9.
enum AlertingChannel: String, CaseIterable, Sendable {
    case telegram, whatsapp, slack, email, webhook, pagerduty, teams, opsgenie, discord

    var kind: ChannelKind {
        switch self {
        case .telegram: .telegram
        case .whatsapp: .whatsapp
        case .slack: .slack
        case .email: .email
        case .webhook: .webhook
        case .pagerduty: .pagerduty
        case .teams: .teams
        case .opsgenie: .opsgenie
        case .discord: .discord
        }
    }

    /// The keys without which the document is not configured while the channel is selected.
    var requiredKeys: [String] {
        switch self {
        case .telegram: ["telegramBotToken", "telegramChatId"]
        case .whatsapp: ["whatsappWebhookUrl"]
        case .slack: ["slackWebhookUrl"]
        case .email: ["emailRecipients"]
        case .webhook: ["webhookUrl"]
        case .pagerduty: ["pagerdutyRoutingKey"]
        case .teams: ["teamsWebhookUrl"]
        case .opsgenie: ["opsgenieApiKey"]
        case .discord: ["discordWebhookUrl"]
        }
    }

    /// The keys of the document, and the keys of the channel's configuration that they are.
    var keys: [(document: String, channel: String)] {
        switch self {
        case .telegram:
            [
                ("telegramBotToken", "bot_token"), ("telegramChatId", "chat_id"),
                ("telegramMessageThreadId", "message_thread_id"), ("telegramSilent", "silent"),
                ("telegramApiBase", "api_base"),
            ]
        case .whatsapp:
            [
                ("whatsappProvider", "provider"), ("whatsappWebhookUrl", "url"), ("whatsappTo", "to"),
                ("whatsappAccessToken", "access_token"), ("whatsappTemplateName", "template_name"),
                ("whatsappTemplateLanguage", "template_language"), ("whatsappAccountSid", "account_sid"),
                ("whatsappAuthToken", "auth_token"), ("whatsappFrom", "from"),
            ]
        case .slack: [("slackWebhookUrl", "url")]
        case .teams: [("teamsWebhookUrl", "url")]
        case .discord: [("discordWebhookUrl", "url")]
        case .email:
            [
                ("emailRecipients", "to"), ("smtpHost", "smtp_host"), ("smtpPort", "port"),
                ("smtpSecurity", "tls"), ("smtpUsername", "user"), ("smtpPassword", "password"),
                ("emailFrom", "from"),
            ]
        case .webhook: [("webhookUrl", "url"), ("webhookSecret", "secret"), ("webhookHeaders", "headers")]
        case .pagerduty: [("pagerdutyRoutingKey", "routing_key"), ("pagerdutyRegion", "region")]
        case .opsgenie:
            [
                ("opsgenieApiKey", "api_key"), ("opsgenieApiUrl", "api_url"),
                ("opsgenieResponders", "responders"),
            ]
        }
    }

    /// The name of the engine's channel, and of its rule over events.
    var name: String { "\(Ownership.prefix)\(rawValue)" }
}
