import API

/// The schemas of these endpoints in `/openapi.json`.
enum ObservabilitySchemas {
    private typealias Member = APISchema.Member

    static let alive = APISchema("Alive", [Member("status", .word(["ok"]))])

    static let health = APISchema(
        "Health",
        [
            Member("status", .word(["ok"])), Member("message", .text),
            Member("database", APIType.text.noting("`Connected`, `Unknown`, or `Error: …`.")),
            Member("service", .word(["weir"])), Member("version", .text), Member("db_path", .text),
            Member("journal_mode", .text), Member("synchronous", .text),
        ]
    )

    static let readiness = APISchema(
        "Readiness",
        [
            Member("status", .word(["ready", "not ready"])),
            Member(
                "checks",
                .list(
                    .named(
                        APISchema(
                            "ReadinessCheck",
                            [
                                Member("name", .text), Member("ok", .flag), Member("why", .text),
                                Member(
                                    "advice",
                                    APIType.text.noting("Only if it is not ready."),
                                    isRequired: false
                                ),
                            ]
                        )
                    )
                )
            ),
        ]
    )

    static let version = APISchema(
        "Version",
        [Member("version", .text), Member("service", .word(["weir"])), Member("build", .text)]
    )

    static let index = APISchema(
        "Index",
        [
            Member("service", .word(["weir"])), Member("version", .text),
            Member("routes", APIType.map(.text).noting("What each route is for.")),
        ]
    )

    static let description = APISchema(
        "Description",
        [
            Member("openapi", .text), Member("info", .object), Member("paths", .object),
            Member("components", .object),
        ]
    )

    // MARK: - Responses of the listener profiles

    static let nextflowHealth = APISchema(
        "NextflowHealth",
        [
            Member("message", .text), Member("status", .word(["Healthy", "Unhealthy"])),
            Member("database", .text),
        ]
    )

    static let nextflowUnhealthy = APISchema("NextflowUnhealthy", [Member("detail", .named(nextflowHealth))])

    static let runsHealth = APISchema(
        "RunsHealth",
        [
            Member("status", .word(["ok"])), Member("version", .text), Member("db_path", .text),
            Member("journal_mode", .text), Member("synchronous", .text),
        ]
    )

    static let runsVersion = APISchema("RunsVersion", [Member("version", .text)])
}
