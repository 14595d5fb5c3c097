/// A key of a channel's configuration.
struct ChannelField: Sendable {
    /// What a value has to be.
    enum Form: Sendable {
        /// A URL of http or https.
        case url
        /// A URL whose path and query are a secret: shown without them. Contract beampipe D23.
        case secretURL
        /// Text without line breaks, at most so many characters.
        case text(Int)
        /// Text that nobody may see.
        case secret
        /// One of these words.
        case word([String])
        /// A whole number.
        case integer(ClosedRange<Int>)
        case flag
        /// Names and values of header fields; a value may be a secret reference.
        case headers
        /// An e-mail address.
        case address
        /// A list of e-mail addresses, or one text with commas.
        case addresses
        /// A list of telephone numbers, or one text with commas.
        case telephones
        /// A host name or an address.
        case host
        /// A list of texts: a program and its arguments.
        case command
        /// An integer or `@name`.
        case chat
        /// A list of objects.
        case objects
        /// 32 letters and digits, which nobody may see.
        case routingKey
        case template
    }

    let name: String
    let form: Form
    var isRequired = false

    /// Whether the value is a secret, which may also be given as a reference in `<name>_ref`.
    var mayBeReference: Bool {
        switch form {
        case .secret, .secretURL, .routingKey: true
        default: false
        }
    }

    var referenceName: String { "\(name)_ref" }

    static func required(_ name: String, _ form: Form) -> ChannelField {
        ChannelField(name: name, form: form, isRequired: true)
    }

    static func optional(_ name: String, _ form: Form) -> ChannelField {
        ChannelField(name: name, form: form)
    }
}

extension ChannelKind {
    /// The keys of a configuration of this kind. Contract beampipe §4.4, pipelogiq §6.9 and §6.10.
    var fields: [ChannelField] {
        ownFields + [.optional("title_template", .template), .optional("text_template", .template)]
    }

    private var ownFields: [ChannelField] {
        switch self {
        case .webhook:
            [
                .required("url", .secretURL), .optional("template", .text(40)),
                .optional("headers", .headers), .optional("routing_key", .secret),
                .optional("secret", .secret),
            ]
        case .email: Self.emailFields
        case .slack, .teams: [.required("url", .secretURL)]
        case .discord:
            [
                .required("url", .secretURL), .optional("thread_id", .text(40)),
                .optional("username", .text(80)), .optional("avatar_url", .url),
            ]
        case .telegram:
            [
                .required("bot_token", .secret), .required("chat_id", .chat),
                .optional("message_thread_id", .integer(1...Int.max)), .optional("silent", .flag),
                .optional("api_base", .url),
            ]
        case .whatsapp: Self.whatsAppFields
        case .pagerduty:
            [
                .required("routing_key", .routingKey), .optional("region", .word(["us", "eu"])),
                .optional("api_base", .url),
            ]
        case .opsgenie:
            [
                .required("api_key", .secret), .optional("api_url", .url),
                .optional("responders", .objects),
            ]
        case .alertmanager:
            [
                .required("url", .url), .optional("user", .text(200)), .optional("password", .secret),
                .optional("token", .secret),
            ]
        case .exec: [.required("command", .command)]
        }
    }

    private static let emailFields: [ChannelField] = [
        .required("smtp_host", .host), .optional("port", .integer(1...65_535)), .optional("from", .address),
        .required("to", .addresses), .optional("user", .text(320)), .optional("password", .secret),
        .optional("tls", .word(["starttls", "tls", "none"])), .optional("plain_auth", .flag),
    ]

    private static let whatsAppFields: [ChannelField] = [
        .optional("provider", .word(["generic", "meta", "twilio"])), .optional("url", .secretURL),
        .optional("to", .telephones), .optional("access_token", .secret),
        .optional("template_name", .text(512)), .optional("template_language", .text(20)),
        .optional("account_sid", .text(64)), .optional("auth_token", .secret),
        .optional("from", .text(40)), .optional("content_sid", .text(64)), .optional("api_base", .url),
    ]
}
