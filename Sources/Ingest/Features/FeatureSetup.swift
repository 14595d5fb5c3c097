package import API
package import Configuration
package import Journal
package import Logging
package import Metrics
package import Postgres

/// A server that starts: what it offers to features, and what they have brought so far.
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
    private let loading: LoadingOptions

    /// What is served on every listener.
    package var endpoints: [Endpoint] = []
    /// What a listener profile answers instead, by its name.
    package var profiles: [String: [Endpoint]] = [:]
    /// What one of all Weirs does now and then.
    package var jobs: [MaintenanceJob] = []
    /// What is read from PostgreSQL for `/metrics`.
    package var gauges: [GaugeSource] = []
    /// How far each stream is loaded.
    package private(set) var progress: [StreamProgress] = []
    /// Each loads one stream until its task is cancelled; the schema must be there.
    package private(set) var loaders: [@Sendable () async -> Void] = []

    /// How streams are loaded and rows are read.
    package struct LoadingOptions: Sendable {
        /// The journal's registration, which all streams share.
        let registration: JournalRegistration
        /// The session of a loader.
        let session: SessionSettings
        let configuration: LoaderConfiguration
        /// How long a read waits for what was acknowledged before it.
        let readTimeout: Duration
        /// Answers reads instead of the pool; nil without one.
        let replica: ReadReplica?
        /// Called when all of a batch is done but its COMMIT.
        let beforeCommit: @Sendable () -> Void

        /// Makes options.
        package init(
            registration: JournalRegistration,
            session: SessionSettings,
            configuration: LoaderConfiguration = LoaderConfiguration(),
            readTimeout: Duration = .milliseconds(500),
            replica: ReadReplica? = nil,
            beforeCommit: @escaping @Sendable () -> Void = {}
        ) {
            self.registration = registration
            self.session = session
            self.configuration = configuration
            self.readTimeout = readTimeout
            self.replica = replica
            self.beforeCommit = beforeCommit
        }
    }

    /// Makes a setup to which nobody has brought anything.
    package init(
        settings: SettingValues,
        journal: Journal,
        pool: Pool,
        registry: Registry,
        logger: Logger,
        loading: LoadingOptions
    ) {
        self.settings = settings
        self.journal = journal
        self.pool = pool
        self.registry = registry
        self.logger = logger
        self.loading = loading
    }

    /// Adds the loader of a stream.
    ///
    /// - Returns: what answers from its rows, and waits before for what was acknowledged.
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
