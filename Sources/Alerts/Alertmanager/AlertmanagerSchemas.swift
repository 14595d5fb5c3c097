internal import API
internal import Core

/// Bodies and answers of Alertmanager's API v2, named apart from Weir's own.
enum AlertmanagerSchemas {
    private static let receiverName = APISchema("AlertmanagerReceiver", [.init("name", .text)])

    static let receivers = APIType.list(.named(receiverName))

    static let alert = APISchema(
        "AlertmanagerAlert",
        [
            .init("annotations", .map(.text)),
            .init("endsAt", .moment),
            .init("fingerprint", .text),
            .init("receivers", receivers),
            .init("startsAt", .moment),
            .init(
                "status",
                .named(
                    APISchema(
                        "AlertmanagerAlertStatus",
                        [
                            .init("inhibitedBy", .list(.text)),
                            .init("mutedBy", .list(.text)),
                            .init("silencedBy", .list(.text)),
                            .init("state", .word(["active", "suppressed"])),
                        ]
                    )
                )
            ),
            .init("updatedAt", .moment),
            .init("generatorURL", .text, isRequired: false),
            .init("labels", .map(.text)),
        ]
    )

    static let group = APISchema(
        "AlertmanagerGroup",
        [
            .init("alerts", .list(.named(alert))),
            .init("labels", .map(.text)),
            .init("receiver", .named(receiverName)),
        ]
    )

    static let status = APISchema(
        "AlertmanagerStatus",
        [
            .init("cluster", .object),
            .init("config", .map(.text)),
            .init("uptime", .moment),
            .init("versionInfo", .map(.text)),
        ]
    )

    private static let matcher = APISchema(
        "AlertmanagerMatcher",
        [
            .init("isEqual", .flag, isRequired: false),
            .init("isRegex", .flag),
            .init("name", .sentText),
            .init("value", .sentText),
        ]
    )

    static let newSilence = APISchema(
        "NewAlertmanagerSilence",
        [
            .init("id", APIType.text.noting("The silence that it changes."), isRequired: false),
            .init("matchers", .list(.named(matcher))),
            .init("startsAt", .moment),
            .init("endsAt", .moment),
            .init("createdBy", .sentText),
            .init("comment", .sentText),
        ] + window(isShown: false)
    )

    static let silence = APISchema(
        "AlertmanagerSilence",
        [
            .init("id", .text),
            .init("status", .named(silenceStatus)),
            .init("updatedAt", .moment),
            .init("comment", .text),
            .init("createdBy", .text),
            .init("endsAt", .moment),
            .init("matchers", .list(.named(matcher))),
            .init("startsAt", .moment),
        ] + window(isShown: true)
    )

    private static let silenceStatus = APISchema(
        "AlertmanagerSilenceStatus",
        [.init("state", .word(Silence.State.allCases.map(\.rawValue)))]
    )

    static let stored = APISchema("StoredAlertmanagerSilence", [.init("silenceID", .text)])

    /// Weir's own members, of maintenance windows.
    private static func window(isShown: Bool) -> [APISchema.Member] {
        let text = isShown ? APIType.text : APIType.sentText.orNull
        let bounds =
            Int64(
                MaintenanceWindow.durations.lowerBound
            )...Int64(
                MaintenanceWindow.durations.upperBound
            )
        let lasting = APIType.integer(bounds)
        return [
            .init("schedule", text.noting("A cron expression: when its windows open."), isRequired: false),
            .init(
                "timeZone",
                text.noting("The time zone of the schedule; UTC without it."),
                isRequired: false
            ),
            .init(
                "lasting",
                (isShown ? lasting : lasting.orNull).noting("How long each window lasts, in seconds."),
                isRequired: false
            ),
        ]
    }
}
