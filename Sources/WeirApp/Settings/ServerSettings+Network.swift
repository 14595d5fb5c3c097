package import Configuration
package import HTTP
package import HTTPServer
package import Logging

extension ServerSettings {
    /// The listeners, in the given order.
    package var listen: Setting<[ListenSpecification]> {
        Setting(
            "WEIR_LISTEN",
            .listeners,
            default: "127.0.0.1:8000,runs@127.0.0.1:8765",
            flag: "listen",
            "Where to listen; a listener profile (nextflow, runs, metrics) decides /health, /metrics and /version there, and tower serves Tower's calls without a prefix."
        )
    }

    /// More listeners, with the profile `metrics`; `WeirApp` adds them to `listen`. Contract beampipe §1.7.
    package var metricsListen: Setting<[ListenSpecification]> {
        Setting(
            "WEIR_METRICS_LISTEN",
            .metricsListener,
            default: "",
            aliases: ["BEAMPIPE_METRICS_BIND_ADDR"],
            "Where to listen for scrapers, beside WEIR_LISTEN: the same as metrics@host:port there."
        )
    }

    /// The number of threads that serve connections; 0 is one per core.
    package var lanes: Setting<Int> {
        Setting(
            "WEIR_LANES",
            .integer(0...256),
            default: "0",
            "How many threads serve connections; 0 is one per core."
        )
    }

    package var maxConnections: Setting<Int> {
        Setting(
            "WEIR_MAX_CONNECTIONS",
            .integer(1...1_000_000),
            default: "10000",
            "How many connections are open at most; one more is answered 503 and closed."
        )
    }

    /// Proxies whose `X-Forwarded-For` is believed.
    package var trustedProxies: Setting<TrustedProxies?> {
        Setting(
            "WEIR_TRUSTED_PROXIES",
            .proxies,
            default: "",
            "Proxies whose X-Forwarded-For tells the client's address."
        )
    }

    /// Tokens given in the environment; only their hashes are kept.
    package var tokens: Setting<[AccessToken]> {
        Setting(
            "WEIR_TOKENS",
            .tokens,
            default: "",
            isSecret: true,
            "Tokens that callers must present; more are made with `weir token create`."
        )
    }

    /// Whether requests without a token may send and read, on any listener.
    package var allowsAnonymous: Setting<Bool> {
        Setting(
            "WEIR_ALLOW_ANONYMOUS",
            .flag,
            default: "false",
            "Let callers without a token send and read; implied for local programs until the first token is made."
        )
    }

    /// Origins that a browser may call from; `*` is any.
    package var corsOrigins: Setting<[String]> {
        Setting(
            "WEIR_CORS_ORIGINS",
            .origins,
            default: "",
            aliases: ["CORS_ORIGINS"],
            "Origins whose pages may call Weir from a browser."
        )
    }

    /// JSON keys whose values are masked before they reach the journal.
    package var redactedKeys: Setting<[String]> {
        Setting(
            "WEIR_REDACT",
            .words("a comma list of JSON keys"),
            default: "",
            "JSON keys whose values are masked before anything is stored; case and -, _ do not matter."
        )
    }

    /// Whether writing runs needs `runsToken`.
    package var runsNeedToken: Setting<Bool> {
        Setting(
            "WEIR_RUNS_AUTH",
            .flag,
            default: "false",
            aliases: ["TELEMETRY_API_AUTH_ENABLED"],
            "Whether writing runs needs WEIR_RUNS_TOKEN; reading then needs no token."
        )
    }

    package var runsToken: Setting<String?> {
        Setting(
            "WEIR_RUNS_TOKEN",
            .optionalText("a secret"),
            default: nil,
            aliases: ["TELEMETRY_API_AUTH_TOKEN"],
            isSecret: true,
            "The token of WEIR_RUNS_AUTH; WEIR_TOKENS and `weir token create` do more."
        )
    }

    package var logLevel: Setting<Logger.Level> {
        Setting(
            "WEIR_LOG_LEVEL",
            .logLevel,
            default: "info",
            flag: "log-level",
            aliases: ["TELEMETRY_LOG_LEVEL", "LOG_LEVEL"],
            "The least severe log lines that are written."
        )
    }

    package var logFormat: Setting<LogFormat> {
        Setting(
            "WEIR_LOG_FORMAT",
            .word(),
            default: "auto",
            flag: "log-format",
            "How log lines look; auto is text on a terminal and JSON elsewhere."
        )
    }

    /// The settings of listeners, access and logs.
    var networkRows: [AnySetting] {
        [
            listen.row, metricsListen.row, lanes.row, maxConnections.row, trustedProxies.row, tokens.row,
            allowsAnonymous.row,
            corsOrigins.row, redactedKeys.row, runsNeedToken.row, runsToken.row, logLevel.row, logFormat.row,
        ]
    }
}
