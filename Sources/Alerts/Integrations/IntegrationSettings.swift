internal import Configuration

/// The settings of integrations: the mail server of alerting documents that name none. Contract pipelogiq §6.9.
enum IntegrationSettings {
    static let smtpHost = Setting<String?>(
        "WEIR_SMTP_HOST",
        .optionalText("a host name"),
        default: nil,
        aliases: ["PIPELOGIQ_SMTP_HOST"],
        "The mail server of alerting documents that name none."
    )

    static let smtpPort = Setting<Int>(
        "WEIR_SMTP_PORT",
        .integer(1...65_535),
        default: "587",
        aliases: ["PIPELOGIQ_SMTP_PORT"],
        "The port of that mail server."
    )

    static let smtpSecurity = Setting<String?>(
        "WEIR_SMTP_SECURITY",
        .optionalText("starttls, tls or none"),
        default: nil,
        aliases: ["PIPELOGIQ_SMTP_SECURITY"],
        "How the connection to that mail server is secured; starttls without it."
    )

    static let smtpUser = Setting<String?>(
        "WEIR_SMTP_USERNAME",
        .optionalText("a user name"),
        default: nil,
        aliases: ["PIPELOGIQ_SMTP_USERNAME"],
        "The user of that mail server."
    )

    static let smtpPassword = Setting<String?>(
        "WEIR_SMTP_PASSWORD",
        .optionalText("a password"),
        default: nil,
        aliases: ["PIPELOGIQ_SMTP_PASSWORD"],
        isSecret: true,
        "The password of that user."
    )

    static let smtpFrom = Setting<String?>(
        "WEIR_SMTP_FROM",
        .optionalText("an e-mail address"),
        default: nil,
        aliases: ["PIPELOGIQ_SMTP_FROM"],
        "The sender of alerts by e-mail whose document names none."
    )

    static let rows: [AnySetting] = [
        smtpHost.row, smtpPort.row, smtpSecurity.row, smtpUser.row, smtpPassword.row, smtpFrom.row,
    ]
}

extension MailDefaults {
    /// As the settings say.
    init(_ settings: SettingValues) {
        host = settings[IntegrationSettings.smtpHost]
        port = settings[IntegrationSettings.smtpPort]
        security = settings[IntegrationSettings.smtpSecurity]
        user = settings[IntegrationSettings.smtpUser]
        password = settings[IntegrationSettings.smtpPassword]
        from = settings[IntegrationSettings.smtpFrom]
    }
}
