internal import Configuration
internal import Outbound

/// The settings of alerts.
enum AlertsSettings {
    static let every = Setting<Duration>(
        "WEIR_ALERTS_EVERY",
        .duration(.seconds(1) ... .seconds(3600)),
        default: "15s",
        aliases: ["BEAMPIPE_SCHEDULER_INTERVAL_SECONDS"],
        "How often rules over measured values are evaluated; rules over events follow within a second."
    )

    static let groupWait = Setting<Duration>(
        "WEIR_ALERTS_GROUP_WAIT",
        .duration(.zero ... .seconds(3600)),
        default: "500ms",
        "How long a first message waits for more of the same, which it then counts."
    )

    static let attempts = Setting<Int>(
        "WEIR_ALERTS_ATTEMPTS",
        .integer(1...100),
        default: "8",
        "How often a notification is sent before it has failed."
    )

    static let timeout = Setting<Duration>(
        "WEIR_ALERTS_TIMEOUT",
        .duration(.seconds(1) ... .seconds(60)),
        default: "10s",
        "How long a receiver may take to answer one attempt."
    )

    static let keep = Setting<Duration>(
        "WEIR_ALERTS_KEEP",
        .duration(.zero ... .seconds(315_360_000)),
        default: "90d",
        "How long deliveries and incidents that are over are kept; 0 keeps them for ever."
    )

    static let expire = Setting<Duration>(
        "WEIR_ALERTS_EXPIRE",
        .duration(.seconds(60) ... .seconds(315_360_000)),
        default: "24h",
        "After how long an incident of an event is over that nothing has ended, such as a failed run that is not run again."
    )

    static let flapWindow = Setting<Duration>(
        "WEIR_ALERTS_FLAP_WINDOW",
        .duration(.zero ... .seconds(86_400)),
        default: "10m",
        "An incident that comes back within it is the same one; after four times changes are held back until it is quiet for as long."
    )

    static let secretKey = Setting<String?>(
        "WEIR_SECRET_KEY",
        .key("32 bytes in hexadecimal or Base64"),
        default: nil,
        isSecret: true,
        "The key that seals the secrets of channels in PostgreSQL; without it a file in the data directory has one. Several Weirs need the same."
    )

    static let oldSecretKeys = Setting<[String]>(
        "WEIR_SECRET_KEY_OLD",
        .words("a comma list of keys"),
        default: "",
        isSecret: true,
        "Earlier keys, which only open what they have sealed."
    )

    static let defaultRules = Setting<Bool>(
        "WEIR_ALERTS_DEFAULT_RULES",
        .flag,
        default: "true",
        "Whether Weir's own rules tell every channel while there is no other rule: failed runs, lost workers, lag, disk."
    )

    static let allowed = Setting<[OutboundPolicy.Rule]>(
        "WEIR_ALERTS_ALLOW",
        .destinations("a comma list of hosts, *.domains and address blocks"),
        default: "",
        "Where notifications may go; with none, everywhere but to denied places: hooks.example.org,*.slack.com,10.1.0.0/16."
    )

    static let denied = Setting<[OutboundPolicy.Rule]>(
        "WEIR_ALERTS_DENY",
        .destinations("a comma list of hosts, *.domains and address blocks"),
        default: "",
        "Where notifications may not go, beside link-local and metadata addresses, which are always denied."
    )

    static let allowsPrivate = Setting<Bool>(
        "WEIR_ALERTS_ALLOW_PRIVATE",
        .flag,
        default: "true",
        "Whether notifications may go to this machine and to private networks; addresses in WEIR_ALERTS_ALLOW always may."
    )

    static let proxy = Setting<String?>(
        "WEIR_ALERTS_PROXY",
        .optionalText("a URL such as http://proxy.example.org:3128"),
        default: nil,
        isSecret: true,
        "The proxy over which notifications go, but for mail."
    )

    static let commands = Setting<[String]>(
        "WEIR_ALERTS_EXEC",
        .words("a comma list of absolute paths"),
        default: "",
        "The programs that channels of the kind exec may run; none by default."
    )

    static let environment = Setting<String>(
        "WEIR_ENVIRONMENT",
        .text("a word"),
        default: "development",
        aliases: ["BEAMPIPE_ENV"],
        "In production (or prod) secrets of channels must be references, and webhooks use https."
    )

    static let allowsInline = Setting<Bool>(
        "WEIR_ALERTS_INLINE_SECRETS",
        .flag,
        default: "false",
        aliases: ["BEAMPIPE_ALLOW_INLINE_SECRETS"],
        "Whether channels may hold secrets themselves in production, too; they are sealed in either case."
    )

    static let secretPrefix = Setting<String>(
        "WEIR_ALERTS_SECRET_PREFIX",
        .text("the beginning of names of variables"),
        default: "CHANNEL_",
        "Which environment variables a channel may name for its secrets."
    )

    static let secretDirectories = Setting<[String]>(
        "WEIR_ALERTS_SECRET_DIRS",
        .words("a comma list of absolute paths"),
        default: "/run/secrets",
        "In which directories a channel may name files for its secrets."
    )

    static let repeatEvery = Setting<Duration>(
        "WEIR_ALERTS_REPEAT",
        .duration(.seconds(10) ... .seconds(240)),
        default: "60s",
        "How often firing incidents are repeated to channels of kind alertmanager, which forget them after five minutes."
    )

    static let silences = Setting<Int>(
        "WEIR_ALERTS_SILENCES",
        .integer(1...10_000),
        default: "1000",
        "How many silences there may be that are not over."
    )

    static let rows: [AnySetting] = [
        every.row, groupWait.row, attempts.row, timeout.row, keep.row, expire.row, flapWindow.row,
        defaultRules.row, secretKey.row, oldSecretKeys.row, allowed.row, denied.row,
        allowsPrivate.row,
        proxy.row, commands.row, environment.row, allowsInline.row, secretPrefix.row,
        secretDirectories.row, repeatEvery.row, silences.row,
    ]
}

extension SettingParser where Value == [OutboundPolicy.Rule] {
    fileprivate static func destinations(_ accepts: String) -> Self {
        .list(accepts) { element throws(SettingComplaint) in
            guard let rule = OutboundPolicy.Rule(element) else {
                throw SettingComplaint(why: "an element is neither a host nor a block of addresses")
            }
            return rule
        }
    }
}

extension SettingParser where Value == String? {
    fileprivate static func key(_ accepts: String) -> Self {
        SettingParser(accepts: accepts) { text throws(SettingComplaint) in
            guard !text.isEmpty else { return nil }
            guard (try? SecretBox.bytes(of: text)) != nil else {
                throw SettingComplaint(why: "it is not: make one with `openssl rand -hex 32`")
            }
            return text
        }
    }
}
