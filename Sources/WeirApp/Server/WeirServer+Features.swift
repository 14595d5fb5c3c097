import API
import HTTPServer
import Ingest
import Journal
import Metrics
import Postgres

/// Everything that features add to a running server.
struct ServerFeatures: Sendable {
    let endpoints: [Endpoint]
    /// Endpoints that a listener profile serves instead, by the name of the profile.
    let profiles: [String: [Endpoint]]
    /// Each loads one stream until its task is cancelled.
    let loaders: [@Sendable () async -> Void]
    /// The lag of each stream.
    let lags: [StreamLag]
    let jobs: [MaintenanceJob]
    /// Each runs until its task is cancelled.
    let tasks: [@Sendable () async -> Void]
    let gauges: [GaugeSource]

    /// Waits, for a few seconds at most, until the loaders have started: from then on a GET sees earlier writes.
    func waitForLoaders() async {
        for _ in 0..<200 {
            if lags.allSatisfy({ $0.progress.snapshot.state != .waiting }) { return }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}

extension WeirServer {
    /// Calls every feature to add its parts; nothing runs yet.
    func startFeatures(
        _ journal: Journal,
        _ database: ServerDatabase,
        _ registry: Registry,
        _ directory: DataDirectory
    ) -> ServerFeatures {
        var setup = FeatureSetup(
            settings: settings.values,
            journal: journal,
            pool: database.pool,
            registry: registry,
            logger: logger,
            dataDirectory: directory.path,
            isLoopbackOnly: settings.listen.allSatisfy(\.isLoopback),
            ownAddresses: settings.listen.compactMap { listener in
                if case .tcp(let host, let port) = listener.endpoint { (host, port) } else { nil }
            },
            redactor: Redactor(keys: settings.redactedKeys),
            loading: FeatureSetup.LoadingOptions(
                registration: JournalRegistration(journal: journal),
                session: SessionSettings.loading(settings),
                configuration: LoaderConfiguration(
                    batchLines: settings.loaderBatchLines,
                    batchBytes: settings.loaderBatchBytes
                ),
                readTimeout: settings.readWait,
                replica: database.replica?.reads,
                spans: spans,
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
            tasks: setup.tasks,
            gauges: setup.gauges
        )
    }
}

extension SessionSettings {
    /// For loaders: everything that they commit is already durable in the journal, so PostgreSQL need not wait for
    /// its disk. A replica gets only what is on that disk, and reads that wait for the replica should not wait for a
    /// timer.
    fileprivate static func loading(_ settings: Settings) -> SessionSettings {
        var session = SessionSettings(settings, applicationName: "weir-loader")
        session.parameters["synchronous_commit"] = settings.databaseReadURL == nil ? "off" : "local"
        return session
    }
}
