import API
import Ingest
import Journal
import Metrics
import Postgres

/// What the features of a running server have brought.
struct ServerFeatures: Sendable {
    let endpoints: [Endpoint]
    /// What a listener profile answers instead, by its name.
    let profiles: [String: [Endpoint]]
    /// Each loads one stream until its task is cancelled.
    let loaders: [@Sendable () async -> Void]
    /// How far behind each stream is.
    let lags: [StreamLag]
    let jobs: [MaintenanceJob]
    let gauges: [GaugeSource]

    /// Waits until the loaders have begun, a few seconds at most: from then on a GET sees what was written before it.
    func waitForLoaders() async {
        for _ in 0..<200 {
            if lags.allSatisfy({ $0.progress.snapshot.state != .waiting }) { return }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}

extension WeirServer {
    /// Asks every feature for what it brings; nothing runs yet.
    func startFeatures(_ journal: Journal, _ database: ServerDatabase, _ registry: Registry) -> ServerFeatures
    {
        var setup = FeatureSetup(
            settings: settings.values,
            journal: journal,
            pool: database.pool,
            registry: registry,
            logger: logger,
            loading: FeatureSetup.LoadingOptions(
                registration: JournalRegistration(journal: journal),
                session: SessionSettings.loading(settings),
                configuration: LoaderConfiguration(
                    batchLines: settings.loaderBatchLines,
                    batchBytes: settings.loaderBatchBytes
                ),
                readTimeout: settings.readWait,
                replica: database.replica?.reads,
                beforeCommit: { [faultPoint] in faultPoint.reach(.loaderBeforeCommit) }
            )
        )
        for feature in features { feature.start(in: &setup) }
        return ServerFeatures(
            endpoints: setup.endpoints,
            profiles: setup.profiles,
            loaders: setup.loaders,
            lags: setup.progress.map { StreamLag($0) { [weak journal] in journal?.durableSeq ?? 0 } },
            jobs: setup.jobs,
            gauges: setup.gauges
        )
    }
}

extension SessionSettings {
    /// For loaders: what they commit is durable in the journal already, so that PostgreSQL need not wait for its disk.
    /// A replica gets only what is on that disk, and the reads that wait for it should not wait for a timer.
    fileprivate static func loading(_ settings: Settings) -> SessionSettings {
        var session = SessionSettings(settings, applicationName: "weir-loader")
        session.parameters["synchronous_commit"] = settings.databaseReadURL == nil ? "off" : "local"
        return session
    }
}
