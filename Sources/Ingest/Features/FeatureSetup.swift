package import API
package import Configuration
package import Journal
package import Logging
package import Metrics
package import OpenTelemetry
package import Postgres

/// A starting server: what it provides to features, and what they have added so far.
package struct FeatureSetup {
    /// The values of all settings.
    package let settings: SettingValues
    /// Where telemetry is written.
    package let journal: Journal
    /// Connections for reading.
    package let pool: Pool
    /// Where counters and histograms are registered.
    package let registry: Registry
    package let logger: Logger
    /// The directory with everything that this Weir keeps on disk.
    package let dataDirectory: String
    /// Whether only programs of this machine reach its listeners.
    package let isLoopbackOnly: Bool
    /// Masks what `WEIR_REDACT` names; nil when it names nothing. Bodies are masked before a feature sees them.
    package let redactor: Redactor?
    /// The hosts and ports of its listeners, as they are configured.
    package let ownAddresses: [(host: String, port: UInt16)]
    private let loading: LoadingOptions
    /// Gets the spans of this process: of requests and of batches.
    package var spans: SpanRecorder { loading.spans }

    /// The endpoints of every listener.
    package var endpoints: [Endpoint] = []
    /// Endpoints that a listener profile serves instead, by the name of the profile.
    package var profiles: [String: [Endpoint]] = [:]
    /// Maintenance jobs, which the leader runs.
    package var jobs: [MaintenanceJob] = []
    /// Each runs on every Weir until its task is cancelled; the schema exists when it starts.
    package var tasks: [@Sendable () async -> Void] = []
    /// Gauges that are read from PostgreSQL for `/metrics`.
    package var gauges: [GaugeSource] = []
    /// The progress of each stream.
    package private(set) var progress: [StreamProgress] = []
    /// Each loads one stream until its task is cancelled; the schema must exist.
    package private(set) var loaders: [@Sendable () async -> Void] = []

    /// How streams are loaded and rows are read.
    package struct LoadingOptions: Sendable {
        /// The journal's registration, which all streams share.
        let registration: JournalRegistration
        /// The session of a loader.
        let session: SessionSettings
        let configuration: LoaderConfiguration
        /// How long a read waits for lines that were acknowledged before it.
        let readTimeout: Duration
        /// Answers reads instead of the pool; nil without a replica.
        let replica: ReadReplica?
        /// Gets the spans of batches.
        let spans: SpanRecorder
        /// Called when everything in a batch is done but its COMMIT.
        let beforeCommit: @Sendable () -> Void

        /// Makes options.
        package init(
            registration: JournalRegistration,
            session: SessionSettings,
            configuration: LoaderConfiguration = LoaderConfiguration(),
            readTimeout: Duration = .milliseconds(500),
            replica: ReadReplica? = nil,
            spans: SpanRecorder = SpanRecorder(),
            beforeCommit: @escaping @Sendable () -> Void = {}
        ) {
            self.registration = registration
            self.session = session
            self.configuration = configuration
            self.readTimeout = readTimeout
            self.replica = replica
            self.spans = spans
            self.beforeCommit = beforeCommit
        }
    }

    /// Makes an empty setup.
    package init(
        settings: SettingValues,
        journal: Journal,
        pool: Pool,
        registry: Registry,
        logger: Logger,
        dataDirectory: String,
        isLoopbackOnly: Bool = true,
        ownAddresses: [(host: String, port: UInt16)] = [],
        redactor: Redactor? = nil,
        loading: LoadingOptions
    ) {
        self.settings = settings
        self.journal = journal
        self.pool = pool
        self.registry = registry
        self.logger = logger
        self.dataDirectory = dataDirectory
        self.isLoopbackOnly = isLoopbackOnly
        self.ownAddresses = ownAddresses
        self.redactor = redactor
        self.loading = loading
    }

    /// Adds the loader of a stream.
    ///
    /// - Returns: a reader of its rows, which first waits for acknowledged lines.
    package mutating func load<P: Projection>(_ projection: P, _ known: StreamProgress? = nil) -> StoreReader
    {
        let progress = known ?? StreamProgress(stream: projection.stream)
        let loader = Loader(
            projection,
            journal: journal,
            registration: loading.registration,
            target: pool.target,
            session: loading.session,
            configuration: loading.configuration,
            progress: progress,
            logger: logger,
            spans: loading.spans,
            beforeCommit: loading.beforeCommit
        )
        loaders.append { await loader.run() }
        self.progress.append(progress)
        return StoreReader(
            pool: pool,
            gate: ReadGate(journal: journal, progress: progress, patience: loading.readTimeout),
            replica: loading.replica,
            logger: logger
        )
    }
}
