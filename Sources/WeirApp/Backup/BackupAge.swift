import Core
import Metrics
import Synchronization

/// How old the newest good copy of the database is, whoever made it: a maintenance job, a schedule of the host, or a hand.
///
/// Every Weir looks at the directory of the copies that it sees. Where there is no copy nothing is shown: 0 would be a
/// copy of 1970.
final class BackupAge: Sendable {
    private static let interval = Duration.seconds(60)

    private let settings: Settings
    // Guards when the newest copy was made that was seen last.
    private let newest = Mutex<Timestamp?>(nil)

    init(_ settings: Settings) {
        self.settings = settings
    }

    /// Looks every minute until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            try? await blocking { [self] in try look() }
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// Looks once.
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
