import Ingest
import Metrics
import Postgres

extension WeirServer {
    /// The maintenance jobs: those of the features, and backups if they are configured.
    func makeMaintenance(
        _ features: ServerFeatures,
        _ pool: Pool,
        _ registry: Registry
    ) -> MaintenanceRunner {
        let runner = MaintenanceRunner(
            features.jobs + [makeBackups(registry)?.job].compactMap(\.self),
            target: pool.target,
            session: SessionSettings(settings, applicationName: "weir-maintenance"),
            logger: logger
        )
        registry.addCollector { snapshot in
            snapshot.gauge(
                "weir_maintenance_leader",
                help: "Whether this Weir is the leader, which runs the maintenance jobs.",
                runner.isLeader ? 1 : 0
            )
        }
        return runner
    }

    /// The backup job; nil unless it is configured.
    private func makeBackups(_ registry: Registry) -> BackupJob? {
        guard settings.backupEvery > .zero else { return nil }
        let backups = BackupJob(settings, logger: logger)
        registry.addCollector { backups.collect(into: &$0) }
        teardown.add("backup", within: .seconds(10)) { try? await blocking { backups.stop() } }
        return backups
    }
}
