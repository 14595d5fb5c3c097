package import Configuration

extension ServerSettings {
    /// In bytes.
    package var journalSegment: Setting<Int> {
        Setting(
            "WEIR_JOURNAL_SEGMENT",
            .bytes((1 << 20)...(1 << 40)),
            default: "256MiB",
            "How large a segment of the journal grows before the next one begins."
        )
    }

    package var journalKeep: Setting<Duration> {
        Setting(
            "WEIR_JOURNAL_KEEP",
            .duration(.zero ... .seconds(86_400 * 36_500)),
            default: "14d",
            "How long loaded segments of the journal are kept."
        )
    }

    /// In bytes; 0 is no limit.
    package var journalMaxBytes: Setting<Int> {
        Setting(
            "WEIR_JOURNAL_MAX_BYTES",
            .bytes(0...(1 << 50)),
            default: "0",
            "What loaded segments may take on disk before the oldest goes early; 0 is no limit."
        )
    }

    /// In bytes; released for weblog events when the disk is full.
    package var journalReserve: Setting<Int> {
        Setting(
            "WEIR_JOURNAL_RESERVE",
            .bytes(0...(1 << 40)),
            default: "64MiB",
            "Disk space set aside for weblog events when the disk is full."
        )
    }

    /// The least time between two commits of the journal under load.
    package var journalCommitInterval: Setting<Duration> {
        Setting(
            "WEIR_JOURNAL_COMMIT_INTERVAL",
            .duration(.zero ... .seconds(1)),
            default: "1ms",
            "The least time between two commits of the journal while many write at once, threefold while loading lags; 0 is none."
        )
    }

    package var journalWindow: Setting<Int> {
        Setting(
            "WEIR_JOURNAL_WINDOW",
            .bytes((64 << 10)...(1 << 32)),
            default: "4MiB",
            "Recent lines of the journal kept in memory for loading."
        )
    }

    package var loaderBatchLines: Setting<Int> {
        Setting(
            "WEIR_LOADER_BATCH_LINES",
            .integer(1...10_000),
            default: "1000",
            "How many lines of the journal are loaded in one transaction at most."
        )
    }

    /// In bytes.
    package var loaderBatchBytes: Setting<Int> {
        Setting(
            "WEIR_LOADER_BATCH_BYTES",
            .bytes((64 << 10)...(1 << 30)),
            default: "1MiB",
            "How many bytes of the journal are loaded in one transaction at most."
        )
    }

    /// The settings of the journal and its loaders.
    var journalRows: [AnySetting] {
        [
            journalSegment.row, journalKeep.row, journalMaxBytes.row, journalReserve.row,
            journalCommitInterval.row, journalWindow.row, loaderBatchLines.row, loaderBatchBytes.row,
        ]
    }
}
