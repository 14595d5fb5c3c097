extension Setting {
    static let care: [Setting] = [
        Setting(
            "WEIR_RUNS_KEEP",
            \.runsKeep,
            .duration(.zero ... .seconds(86_400 * 36_500)),
            default: "0",
            "How long tracked runs are kept after they were created, whatever their status; 0 is for ever."
        ),
        Setting(
            "WEIR_RUNS_STALE_AFTER",
            \.runsStaleAfter,
            .duration(.zero ... .seconds(86_400 * 3650)),
            default: "0",
            "After how long a tracked run that is still running is ended as abandoned; 0 is never."
        ),
        Setting(
            "WEIR_RUNS_STALE_STATUS",
            \.runsStaleStatus,
            .word(),
            default: "cancelled",
            "What abandoned tracked runs are marked as."
        ),
        Setting(
            "WEIR_BACKUP_EVERY",
            \.backupEvery,
            .duration(.zero ... .seconds(86_400 * 365)),
            default: "0",
            "How often one of all Weirs backs the database up; 0 is never."
        ),
        Setting(
            "WEIR_BACKUP_DIR",
            \.backupDirectory,
            .optionalText("a directory"),
            default: nil,
            "Where copies of the database go; without it into backups in the data directory."
        ),
        Setting(
            "WEIR_BACKUP_KEEP",
            \.backupKeep,
            .duration(.seconds(3600) ... .seconds(86_400 * 36_500)),
            default: "14d",
            "How long copies of the database are kept; the last good one always stays."
        ),
        Setting(
            "WEIR_BACKUP_MIN_FREE",
            \.backupMinFree,
            .bytes(0...(1 << 50)),
            default: "5GiB",
            "How much must be free on the disk of the copies before one is made."
        ),
    ]
}
