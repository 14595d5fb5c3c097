import Ingest
import Journal
import Logging

/// Removes and compresses segments that every stream has loaded.
struct JournalHousekeeping: Sendable {
    private let journal: Journal
    private let lags: [StreamLag]
    private let logger: Logger

    init(_ journal: Journal, _ lags: [StreamLag], _ logger: Logger) {
        self.journal = journal
        self.lags = lags
        self.logger = logger
    }

    /// Checks every minute until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(60))
            if !Task.isCancelled { await tidy() }
        }
    }

    private func tidy() async {
        // A stream that has not started has loaded nothing, as far as this process knows.
        guard let loaded = lags.map(\.progress.snapshot.storedSeq).min(), loaded > 0 else { return }
        do {
            let report = try await blocking { [journal] in try journal.prune(loadedThrough: loaded) }
            guard !report.removed.isEmpty || !report.compressed.isEmpty else { return }
            logger.info(
                "journal segments tidied",
                metadata: ["removed": "\(report.removed)", "compressed": "\(report.compressed)"]
            )
        } catch {
            logger.warning("journal segments not tidied", metadata: ["error": "\(error)"])
        }
    }
}
