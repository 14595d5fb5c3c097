internal import API

/// The answers of the probes as `/openapi.json` describes them. Contract beampipe §1.
enum ProbeSchemas {
    private typealias Member = APISchema.Member

    private static let state = APIType.word(["not_configured", "ok", "error"])

    static let alive = APISchema(
        "PlatformAlive",
        [Member("status", .word(["ok"])), Member("service", .word([ProbeEncoder.service]))]
    )

    static let taps = APISchema("TAPHealth", [Member("casda", state), Member("vizier", state)])

    private static let check = APISchema(
        "PlatformCheck",
        [
            Member("name", .text), Member("status", state), Member("required", .flag),
            Member("latency_ms", APIType.amount.orNull), Member("checked_at", APIType.moment.orNull),
            Member("detail", APIType.text.orNull),
        ]
    )

    static let ready = APISchema(
        "PlatformReadiness",
        [
            Member("status", .word(["ready"])),
            Member("service", .text, isRequired: false),
            Member("database", .word(["ok"]), isRequired: false),
            Member("redis", state, isRequired: false),
            Member("tap_casda", state, isRequired: false),
            Member("tap_vizier", state, isRequired: false),
            Member("queue_depth", .count, isRequired: false),
            Member("jobs_running", .count, isRequired: false),
            Member("workers", .word(["ok", "none", "stale"]), isRequired: false),
            Member("oldest_queued_age_seconds", .count, isRequired: false),
            Member("checks", .list(.named(check)), isRequired: false),
            Member("generated_at", .moment, isRequired: false),
        ]
    )

    static let diagnostics = APISchema(
        "PlatformDiagnostics",
        [
            Member("healthy", .flag), Member("generated_at", .moment),
            Member(
                "diagnostics",
                .list(
                    .named(
                        APISchema(
                            "PlatformDiagnostic",
                            [
                                Member("path", .text), Member("severity", .word(["error", "warning"])),
                                Member("code", .text), Member("message", .text),
                                Member("hint", .text, isRequired: false),
                            ]
                        )
                    )
                )
            ),
        ]
    )

    static let overview = APISchema(
        "PlatformOverview",
        [
            Member("generated_at", .moment), Member("registered_sources", .count),
            Member("pending_admissions", .count), Member("running_executions", .count),
            Member("failed_executions", .count), Member("queue_depth", .count),
            Member("active_workers", .count),
            Member("stale_workers", .count), Member("recent_alerts", .count),
            Member("casda", .word(["configured", "not_configured"])),
            Member("daliuge", .word(["configured", "profile_managed"])),
            Member("scheduler", .word(["configured", "profile_managed"])),
        ]
    )
}
