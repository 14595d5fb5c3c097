import Ingest
import Journal
import Metrics
import Postgres

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
}
