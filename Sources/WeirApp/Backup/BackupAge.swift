import Core
import Metrics
import Synchronization

/// The age of the newest good copy of the database, made by a maintenance job, a scheduled job of the host, or by
/// hand.
///
/// Every Weir checks the directory of the copies that it sees. Without a copy nothing is shown: 0 would be a copy of
/// 1970.
final class BackupAge: Sendable {
    private static let interval = Duration.seconds(60)

    private let settings: Settings
    // Guards the creation time of the newest copy.
    private let newest = Mutex<Timestamp?>(nil)

    init(_ settings: Settings) {
        self.settings = settings
    }

    /// Checks every minute until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            try? await blocking { [self] in try look() }
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// Checks once.
    func look() throws {
        let shelf = BackupShelf(try BackupShelf.directory(settings))
        let time = shelf.newest?.time
        newest.withLock { $0 = time }
    }

    /// For a scrape.
    func collect(into snapshot: inout MetricsSnapshot, at now: Timestamp = .now()) {
        guard let time = newest.withLock({ $0 }) else { return }
        snapshot.gauge(
            "weir_backup_last_success_timestamp_seconds",
            help: "When the newest good copy of the database was made, in seconds since 1970.",
            time.secondsSinceEpoch
        )
        snapshot.gauge(
            "weir_backup_age_seconds",
            help: "How old the newest good copy of the database is.",
            max(0, now.secondsSinceEpoch - time.secondsSinceEpoch)
        )
    }
}
