package import Configuration
package import Core

/// Rows that are deleted when they are old: by a maintenance job, or by `weir retain`.
package struct RetentionRule: Sendable {
    /// The rows.
    package let rows: any AgingRows
    private let name: String
    private let keep: @Sendable (SettingValues) -> Duration
    private let interval: Duration
    private let turn: Duration?

    /// Deletes rows that are older than the setting; zero keeps them for ever.
    ///
    /// `name` is that of the maintenance job: `runs.retention`. It runs every `interval`, for `turn` at a time, so
    /// that other jobs get their turn; with nil it runs until nothing is left.
    package init(
        _ name: String,
        _ rows: any AgingRows,
        keep: Setting<Duration>,
        every interval: Duration,
        for turn: Duration? = nil
    ) {
        self.init(name, rows, every: interval, for: turn) { $0[keep] }
    }

    /// Deletes rows that are older than `keep`.
    package init(
        _ name: String,
        _ rows: any AgingRows,
        keep: Duration,
        every interval: Duration,
        for turn: Duration? = nil
    ) {
        self.init(name, rows, every: interval, for: turn) { _ in keep }
    }

    private init(
        _ name: String,
        _ rows: any AgingRows,
        every interval: Duration,
        for turn: Duration?,
        keep: @escaping @Sendable (SettingValues) -> Duration
    ) {
        self.name = name
        self.rows = rows
        self.keep = keep
        self.interval = interval
        self.turn = turn
    }

    /// Rows older than this moment are deleted; nil while they are kept for ever.
    package func limit(_ settings: SettingValues, at now: Timestamp) -> Timestamp? {
        let keep = keep(settings)
        return keep > .zero ? now - keep : nil
    }

    /// The maintenance job; nil while the rows are kept for ever.
    package func job(_ settings: SettingValues) -> MaintenanceJob? {
        guard keep(settings) > .zero else { return nil }
        return MaintenanceJob(name, every: interval) { connection, now in
            guard let limit = limit(settings, at: now) else { return }
            _ = try RetentionSweep(rows, before: limit).run(on: connection, for: turn)
        }
    }
}
