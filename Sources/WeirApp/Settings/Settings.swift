package import HTTP
package import HTTPServer
package import Logging
package import Runs

/// Everything that can be configured, typed and checked.
///
/// The initial values here are placeholders: `Settings.resolve` gives every member the default of its row in
/// `Setting.all`, then what the environment and the command line say.
package struct Settings: Sendable {
    /// The external PostgreSQL as it was given; nil means a private cluster in the data directory.
    package var databaseURL: String?
    /// The read replica of it as it was given; nil means that reads go where writes go.
    package var databaseReadURL: String?
    /// Where to listen, in the order given.
    package var listen: [ListenSpecification] = []
    /// Where journal, private cluster and mirrors live.
    package var dataDirectory = ""
    /// The directory of `initdb` and `postgres` for the private cluster; nil searches for it.
    package var postgresBinaries: String?

    /// Tokens given in the environment; only their hashes are kept.
    package var tokens: [AccessToken] = []
    /// Whether requests without a token may send and read, on any listener.
    package var allowsAnonymous = false
    /// Origins that a browser may call from; `*` is any.
    package var corsOrigins: [String] = []
    /// Proxies whose `X-Forwarded-For` is believed.
    package var trustedProxies: TrustedProxies?
    /// JSON keys whose values are masked before they reach the journal.
    package var redactedKeys: [String] = []

    package var logLevel = Logger.Level.info
    package var logFormat = LogFormat.auto

    /// Threads that serve connections; 0 is one per core.
    package var lanes = 0
    package var maxConnections = 0
    /// In bytes, of ingest routes.
    package var maxBody = 0
    /// In bytes, of all header fields of a request together.
    package var maxHeader = 0
    /// In bytes, of all request bodies together.
    package var maxBuffered = 0
    package var headTimeout = Duration.zero
    package var bodyTimeout = Duration.zero
    package var writeTimeout = Duration.zero
    package var idleTimeout = Duration.zero
    package var handlerTimeout = Duration.zero
    package var drainTimeout = Duration.zero

    package var poolSize = 0
    package var poolWait = Duration.zero
    package var statementTimeout = Duration.zero
    package var connectTimeout = Duration.zero
    package var skipsMigrations = false

    /// In bytes.
    package var journalSegment = 0
    package var journalKeep = Duration.zero
    /// In bytes; 0 is no limit.
    package var journalMaxBytes = 0
    /// In bytes, given up for weblog events when the disk is full.
    package var journalReserve = 0
    /// In bytes, of recent lines kept in memory.
    package var journalCommitInterval = Duration.zero
    package var journalWindow = 0
    package var loaderBatchLines = 0
    /// In bytes.
    package var loaderBatchBytes = 0

    package var readWait = Duration.zero
    package var staleAfter = Duration.zero
    /// Zero keeps raw rows for ever.
    package var rawKeep = Duration.zero
    /// Zero keeps tracked runs for ever.
    package var runsKeep = Duration.zero
    /// After how long a run that is still running counts as abandoned; zero is never.
    package var runsStaleAfter = Duration.zero
    /// What abandoned runs are marked as.
    package var runsStaleStatus = StaleRunStatus.cancelled
    /// How often the database is backed up; zero is never.
    package var backupEvery = Duration.zero
    /// Where copies go; nil is `backups` in the data directory.
    package var backupDirectory: String?
    package var backupKeep = Duration.zero
    /// In bytes, free on the disk of the copies before one is made.
    package var backupMinFree = 0
    /// What a POST of a run answers whose event id is there already.
    package var duplicateRunStatus = Status.created
    /// Whether writing runs needs `runsToken`.
    package var runsNeedToken = false
    package var runsToken: String?
    /// Whether one client's requests about runs are limited.
    package var limitsRunsRate = false
    /// Requests in any 60 seconds.
    package var runsRateLimit = 60
    package var maxBatch = 10_000
    package var maxPageBytes = 16 << 20
    /// Self-hosted servers of repositories, by host.
    package var gitHosts: [String: RepositoryLinks.Platform] = [:]
    package var readyLagLines = 0
    package var readyDiskPercent = 0
    package var metricsRefresh = Duration.zero
    /// Pairs of agent and job type that `/metrics` tells by name.
    package var metricsNames = 0

    /// Settings of which every value is its default; what a test starts from.
    package static var defaults: Settings {
        var settings = Settings()
        for setting in Setting.all {
            guard let text = setting.defaultText else { continue }
            do {
                try setting.apply(text, &settings)
            } catch {
                preconditionFailure("BUG: the default of \(setting.name) is refused: \(error.why)")
            }
        }
        return settings
    }

    private init() {}
}

/// How log lines look.
package enum LogFormat: String, CaseIterable, Sendable {
    /// Text on a terminal, JSON elsewhere.
    case auto
    /// Readable text.
    case text
    /// One JSON object a line.
    case json
}
