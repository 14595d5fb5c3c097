import Ingest
import Journal
import Metrics
import Postgres
import Workers

extension WeirServer {
    /// Registers the series that are read at each scrape.
    func collect(
        _ registry: Registry,
        _ journal: Journal,
        _ database: ServerDatabase,
        _ features: ServerFeatures,
        _ gauges: GaugeRefresher,
        _ backupAge: BackupAge
    ) {
        let process = ProcessMetrics()
        registry.gaugeFamily(
            "weir_build_info",
            help: "Version and build of this Weir; always 1.",
            labels: ["version", "build"]
        ).child(BuildInfo.version, BuildInfo.configuration).set(1)
        collectNamesOfOriginal(registry, process)
        registry.gauge("weir_journal_epoch", help: "How often the journal was opened.").set(
            Double(journal.epoch)
        )
        // Capturing all features would create a reference cycle with the registry.
        registry.addCollector { [weak journal, lags = features.lags] snapshot in
            process.collect(into: &snapshot)
            if let journal { JournalMetrics.collect(journal, into: &snapshot) }
            PoolMetrics.collect(database.pool.status, into: &snapshot)
            for lag in lags { lag.collect(into: &snapshot) }
            database.replica?.reads.collect(into: &snapshot)
            backupAge.collect(into: &snapshot)
            snapshot.merge(gauges.snapshot)
        }
    }

    /// What the server that workers were written for shows at this path; its dashboards ask for them. The fourth,
    /// `noetl_request_total`, is counted by `RequestObserver`. Contract noetl §1.6.
    private func collectNamesOfOriginal(_ registry: Registry, _ process: ProcessMetrics) {
        registry.gauge("noetl_up", help: "NoETL server up status").set(1)
        registry.gaugeFamily(
            "noetl_info",
            help: "Build and server info",
            labels: ["version", "name"]
        ).child(BuildInfo.version, settings[WorkersSettings.serverName]).set(1)
        guard let start = process.startTime else { return }
        registry.gauge(
            "noetl_process_start_time_seconds",
            help: "Start time of the NoETL process since unix epoch in seconds"
        )
        .set(start)
    }
}
