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

    static let publicURL = Setting<String?>(
        "WEIR_PUBLIC_URL",
        .publicURL("a URL of http or https without a path"),
        default: nil,
        "Where people reach this Weir, for links in notifications: https://weir.example.org."
    )

    static let secretKey = Setting<String?>(
        "WEIR_SECRET_KEY",
        .optionalText("32 bytes in hexadecimal or Base64"),
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

    static let rows: [AnySetting] = [
        every.row, groupWait.row, attempts.row, timeout.row, keep.row, expire.row, flapWindow.row,
        publicURL.row, secretKey.row, oldSecretKeys.row,
    ]
}

extension SettingParser where Value == String? {
    fileprivate static func publicURL(_ accepts: String) -> Self {
        SettingParser(accepts: accepts) { text throws(SettingComplaint) in
            guard !text.isEmpty else { return nil }
            guard OutboundAddress(text) != nil else {
                throw SettingComplaint(why: "it has no host, or another scheme, or is malformed")
            }
            return text.hasSuffix("/") ? String(text.dropLast()) : text
        }
    }
}
