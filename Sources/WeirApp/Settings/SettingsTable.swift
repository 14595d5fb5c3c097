extension Setting {
    /// Every setting, in the order in which `weir config` and the documentation show them.
    package static let all: [Setting] = [
        database, network, security, logging, limits, journal, answers, runs, care,
    ]
    .flatMap(\.self)

    private static let database: [Setting] = [
        Setting(
            "DATABASE_URL",
            \.databaseURL,
            .optionalText("a postgresql:// URL"),
            default: nil,
            flag: "database-url",
            aliases: ["SQLALCHEMY_URI"],
            isSecret: true,
            "The PostgreSQL to use; without it Weir runs a private cluster in its data directory."
        ),
        Setting(
            "DATABASE_READ_URL",
            \.databaseReadURL,
            .optionalText("a postgresql:// URL"),
            default: nil,
            isSecret: true,
            "A read replica of DATABASE_URL that answers GETs; without it DATABASE_URL does."
        ),
        Setting(
            "WEIR_DATA_DIR",
            \.dataDirectory,
            .text("a directory"),
            default: "./data",
            flag: "data-dir",
            "Where the journal, the private cluster and the mirrors of tokens are kept."
        ),
        Setting(
            "WEIR_PG_BIN",
            \.postgresBinaries,
            .optionalText("a directory"),
            default: nil,
            "The directory of initdb and postgres for the private cluster; searched for when not set."
        ),
        Setting(
            "WEIR_POOL_SIZE",
            \.poolSize,
            .integer(2...1000),
            default: "8",
            "How many connections to PostgreSQL are kept for reading."
        ),
        Setting(
            "WEIR_POOL_WAIT",
            \.poolWait,
            .duration(.milliseconds(1) ... .seconds(600)),
            default: "5s",
            "How long a request waits for a free connection before it is answered 503."
        ),
        Setting(
            "WEIR_STATEMENT_TIMEOUT",
            \.statementTimeout,
            .duration(.zero ... .seconds(86_400)),
            default: "30s",
            "How long PostgreSQL may work on one statement; 0 is no limit."
        ),
        Setting(
            "WEIR_CONNECT_TIMEOUT",
            \.connectTimeout,
            .duration(.seconds(1) ... .seconds(600)),
            default: "5s",
            "How long an attempt to connect to PostgreSQL may take."
        ),
        Setting(
            "WEIR_SKIP_MIGRATIONS",
            \.skipsMigrations,
            .flag,
            default: "false",
            aliases: ["TELEMETRY_SKIP_DB_INIT"],
            "Leave the schema alone at start; `weir migrate` is then yours to run."
        ),
    ]

    private static let network: [Setting] = [
        Setting(
            "WEIR_LISTEN",
            \.listen,
            .listeners,
            default: "127.0.0.1:8000,runs@127.0.0.1:8765",
            flag: "listen",
            "Where to listen; a listener profile (nextflow, runs, metrics) decides /health, /metrics and /version there."
        ),
        Setting(
            "WEIR_LANES",
            \.lanes,
            .integer(0...256),
            default: "0",
            "How many threads serve connections; 0 is one per core."
        ),
        Setting(
            "WEIR_MAX_CONNECTIONS",
            \.maxConnections,
            .integer(1...1_000_000),
            default: "10000",
            "How many connections are open at most; one more is answered 503 and closed."
        ),
        Setting(
            "WEIR_TRUSTED_PROXIES",
            \.trustedProxies,
            .proxies,
            default: "",
            "Proxies whose X-Forwarded-For tells the client's address."
        ),
    ]

    private static let security: [Setting] = [
        Setting(
            "WEIR_TOKENS",
            \.tokens,
            .tokens,
            default: "",
            isSecret: true,
            "Tokens that callers must present; more are made with `weir token create`."
        ),
        Setting(
            "WEIR_ALLOW_ANONYMOUS",
            \.allowsAnonymous,
            .flag,
            default: "false",
            "Let callers without a token send and read; implied for local programs until the first token is made."
        ),
        Setting(
            "WEIR_CORS_ORIGINS",
            \.corsOrigins,
            .origins,
            default: "",
            aliases: ["CORS_ORIGINS"],
            "Origins whose pages may call Weir from a browser."
        ),
        Setting(
            "WEIR_REDACT",
            \.redactedKeys,
            .words("a comma list of JSON keys"),
            default: "",
            "JSON keys whose values are masked before anything is stored; case and -, _ do not matter."
        ),
    ]

    private static let logging: [Setting] = [
        Setting(
            "WEIR_LOG_LEVEL",
            \.logLevel,
            .logLevel,
            default: "info",
            flag: "log-level",
            aliases: ["TELEMETRY_LOG_LEVEL", "LOG_LEVEL"],
            "The least severe log lines that are written."
        ),
        Setting(
            "WEIR_LOG_FORMAT",
            \.logFormat,
            .word(),
            default: "auto",
            flag: "log-format",
            "How log lines look; auto is text on a terminal and JSON elsewhere."
        ),
    ]
}
