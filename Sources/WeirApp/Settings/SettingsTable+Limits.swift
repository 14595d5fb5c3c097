extension Setting {
    static let limits: [Setting] = [
        Setting(
            "WEIR_MAX_BODY",
            \.maxBody,
            .bytes(1024...(1 << 30)),
            default: "32MiB",
            "The largest body that an ingest route takes; a larger one is answered 413."
        ),
        Setting(
            "WEIR_MAX_HEADER",
            \.maxHeader,
            .bytes(1024...(16 << 20)),
            default: "64KiB",
            "The largest header of a request; a larger one is answered 431."
        ),
        Setting(
            "WEIR_MAX_BUFFERED",
            \.maxBuffered,
            .bytes((1 << 20)...(1 << 40)),
            default: "256MiB",
            "What the bodies and large answers of all requests may hold in memory; beyond it sockets are not read."
        ),
        Setting(
            "WEIR_HEAD_TIMEOUT",
            \.headTimeout,
            .duration(.milliseconds(100) ... .seconds(600)),
            default: "10s",
            "How long a client may take to send the head of a request."
        ),
        Setting(
            "WEIR_BODY_TIMEOUT",
            \.bodyTimeout,
            .duration(.milliseconds(100) ... .seconds(3600)),
            default: "30s",
            "How long a client may pause while it sends a body."
        ),
        Setting(
            "WEIR_WRITE_TIMEOUT",
            \.writeTimeout,
            .duration(.milliseconds(100) ... .seconds(3600)),
            default: "30s",
            "How long a client may leave an answer unread."
        ),
        Setting(
            "WEIR_IDLE_TIMEOUT",
            \.idleTimeout,
            .duration(.seconds(1) ... .seconds(86_400)),
            default: "75s",
            "How long a connection may stay open between requests; announced in Keep-Alive."
        ),
        Setting(
            "WEIR_HANDLER_TIMEOUT",
            \.handlerTimeout,
            .duration(.milliseconds(100) ... .seconds(600)),
            default: "5s",
            "How long an ingest request may wait for its answer before it gets 503."
        ),
        Setting(
            "WEIR_DRAIN_TIMEOUT",
            \.drainTimeout,
            .duration(.zero ... .seconds(3600)),
            default: "10s",
            "How long requests in progress may take to finish when Weir stops."
        ),
    ]

    static let journal: [Setting] = [
        Setting(
            "WEIR_JOURNAL_SEGMENT",
            \.journalSegment,
            .bytes((1 << 20)...(1 << 40)),
            default: "256MiB",
            "How large a segment of the journal grows before the next one begins."
        ),
        Setting(
            "WEIR_JOURNAL_KEEP",
            \.journalKeep,
            .duration(.zero ... .seconds(86_400 * 36_500)),
            default: "14d",
            "How long loaded segments of the journal are kept."
        ),
        Setting(
            "WEIR_JOURNAL_MAX_BYTES",
            \.journalMaxBytes,
            .bytes(0...(1 << 50)),
            default: "0",
            "What loaded segments may take on disk before the oldest goes early; 0 is no limit."
        ),
        Setting(
            "WEIR_JOURNAL_RESERVE",
            \.journalReserve,
            .bytes(0...(1 << 40)),
            default: "64MiB",
            "Disk space set aside for weblog events when the disk is full."
        ),
        Setting(
            "WEIR_JOURNAL_COMMIT_INTERVAL",
            \.journalCommitInterval,
            .duration(.zero ... .seconds(1)),
            default: "1ms",
            "The least time between two commits of the journal while many write at once, threefold while loading lags; 0 is none."
        ),
        Setting(
            "WEIR_JOURNAL_WINDOW",
            \.journalWindow,
            .bytes((64 << 10)...(1 << 32)),
            default: "4MiB",
            "Recent lines of the journal kept in memory for loading."
        ),
        Setting(
            "WEIR_LOADER_BATCH_LINES",
            \.loaderBatchLines,
            .integer(1...10_000),
            default: "1000",
            "How many lines of the journal are loaded in one transaction at most."
        ),
        Setting(
            "WEIR_LOADER_BATCH_BYTES",
            \.loaderBatchBytes,
            .bytes((64 << 10)...(1 << 30)),
            default: "1MiB",
            "How many bytes of the journal are loaded in one transaction at most."
        ),
    ]

    static let answers: [Setting] = [
        Setting(
            "WEIR_READ_WAIT",
            \.readWait,
            .duration(.zero ... .seconds(60)),
            default: "500ms",
            "How long a GET waits for what was acknowledged before it."
        ),
        Setting(
            "WEIR_MAX_PAGE_BYTES",
            \.maxPageBytes,
            .bytes((64 << 10)...(1 << 30)),
            default: "16MiB",
            "The bytes at which a page of a list ends, whatever its limit; its cursor leads on."
        ),
        Setting(
            "WEIR_STALE_AFTER",
            \.staleAfter,
            .duration(.seconds(60) ... .seconds(86_400 * 3650)),
            default: "24h",
            "After what silence a running run is shown as stale."
        ),
        Setting(
            "WEIR_RAW_KEEP",
            \.rawKeep,
            .duration(.zero ... .seconds(86_400 * 36_500)),
            default: "0",
            "How long raw rows of telemetry are kept; 0 is for ever."
        ),
        Setting(
            "WEIR_READY_LAG_LINES",
            \.readyLagLines,
            .integer(1...1_000_000_000),
            default: "100000",
            "How many lines the loader may be behind before /ready says so."
        ),
        Setting(
            "WEIR_READY_DISK_PERCENT",
            \.readyDiskPercent,
            .integer(1...100),
            default: "95",
            "How full the disk of the data directory may be before /ready says so."
        ),
        Setting(
            "WEIR_METRICS_REFRESH",
            \.metricsRefresh,
            .duration(.seconds(1) ... .seconds(3600)),
            default: "15s",
            "How often the gauges of runs and tasks are read from PostgreSQL."
        ),
        Setting(
            "WEIR_METRICS_NAMES",
            \.metricsNames,
            .integer(0...1000),
            default: "0",
            "How many pairs of agent and job type /metrics tells by name; it asks for no token."
        ),
    ]
}
