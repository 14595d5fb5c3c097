import Core
import Journal
import Logging
import Metrics
import Postgres
import PostgresCluster

extension WeirServer {
    /// Takes the lock of the data directory; a second process gets an error that names the holder.
    func openJournal(_ directory: DataDirectory, _ source: DatabaseSource, _ registry: Registry) async throws
        -> Journal
    {
        let setup = journalSetup(directory, registry)
        let journal = try await blocking { try Journal.open(setup) }
        directory.settleMode()
        // Only the holder of the lock may stop the cluster; the journal is closed before that.
        if case .privateCluster(let cluster) = source {
            teardown.add("private PostgreSQL", within: .seconds(35)) { [logger] in
                do {
                    try await blocking { try cluster.stop() }
                } catch {
                    logger.error("the private PostgreSQL did not stop", metadata: ["error": "\(error)"])
                }
            }
        }
        teardown.add("journal", within: .seconds(10)) {
            _ = try? await blocking { journal.close() }
        }
        return journal
    }

    private func journalSetup(_ directory: DataDirectory, _ registry: Registry) -> JournalSetup {
        var setup = JournalSetup(
            JournalConfiguration(settings, directory: directory.path),
            clock: { .now() },
            logger: logger
        )
        setup.codec = .gzip
        setup.observer = JournalMetrics(registry).observer
        setup.files.create = { [faultPoint, create = setup.files.create] path in
            defer { if path.hasSuffix(".ndjson") { faultPoint.reach(.journalAfterSegmentCreated) } }
            return create(path)
        }
        return setup
    }
}

extension JournalConfiguration {
    /// The configuration of segments, memory and disk.
    fileprivate init(_ settings: Settings, directory: String) {
        self.init(directory: directory)
        segmentBytes = Int64(settings.journalSegment)
        reserveBytes = Int64(settings.journalReserve)
        commitInterval = settings.journalCommitInterval
        windowBytes = settings.journalWindow
        keep = settings.journalKeep
        maxBytes = settings.journalMaxBytes == 0 ? nil : Int64(settings.journalMaxBytes)
        maxLineBytes = max(maxLineBytes, settings.maxBody + (2 << 20))
        bufferBytes = max(bufferBytes, maxLineBytes * 2)
    }
}
