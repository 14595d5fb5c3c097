package import Configuration

extension ServerSettings {
    package var readWait: Setting<Duration> {
        Setting(
            "WEIR_READ_WAIT",
            .duration(.zero ... .seconds(60)),
            default: "500ms",
            "How long a GET waits for what was acknowledged before it."
        )
    }

    package var readyLagLines: Setting<Int> {
        Setting(
            "WEIR_READY_LAG_LINES",
            .integer(1...1_000_000_000),
            default: "100000",
            "How many lines the loader may be behind before /ready says so."
        )
    }

    package var readyDiskPercent: Setting<Int> {
        Setting(
            "WEIR_READY_DISK_PERCENT",
            .integer(1...100),
            default: "95",
            "How full the disk of the data directory may be before /ready says so."
        )
    }

    package var metricsRefresh: Setting<Duration> {
        Setting(
            "WEIR_METRICS_REFRESH",
            .duration(.seconds(1) ... .seconds(3600)),
            default: "15s",
            "How often the gauges of runs and tasks are read from PostgreSQL."
        )
    }

    /// How often the database is backed up; zero is never.
    package var backupEvery: Setting<Duration> {
        Setting(
            "WEIR_BACKUP_EVERY",
            .duration(.zero ... .seconds(86_400 * 365)),
            default: "0",
            "How often the leader backs up the database; 0 is never."
        )
    }

    /// The directory of copies; nil is `backups` in the data directory.
    package var backupDirectory: Setting<String?> {
        Setting(
            "WEIR_BACKUP_DIR",
            .optionalText("a directory"),
            default: nil,
            "Where copies of the database go; without it into backups in the data directory."
        )
    }

    package var backupKeep: Setting<Duration> {
        Setting(
            "WEIR_BACKUP_KEEP",
            .duration(.seconds(3600) ... .seconds(86_400 * 36_500)),
            default: "14d",
            "How long copies of the database are kept; the last good one always stays."
        )
    }

    /// In bytes, free on the disk of the copies before one is made.
    package var backupMinFree: Setting<Int> {
        Setting(
            "WEIR_BACKUP_MIN_FREE",
            .bytes(0...(1 << 50)),
            default: "5GiB",
            "How much must be free on the disk of the copies before one is made."
        )
    }

    /// The settings of reads, readiness, metrics and backups.
    var operationRows: [AnySetting] {
        [
            readWait.row, readyLagLines.row, readyDiskPercent.row, metricsRefresh.row, backupEvery.row,
            backupDirectory.row, backupKeep.row, backupMinFree.row,
        ]
    }
}
