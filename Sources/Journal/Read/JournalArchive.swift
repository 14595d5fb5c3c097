internal import Core

/// Somebody else's journal directory, only read.
struct JournalArchive {
    let found: Recovery.Result
    let end: JournalMerge.End?
    private let recovery: Recovery

    init(directory: String, codec: SegmentCodec?) throws(JournalError) {
        let nested = directory + "/raw"
        recovery = Recovery(
            directory: FileSystem.exists(nested) ? nested : directory,
            codec: codec,
            maxLineBytes: JournalConfiguration(directory: directory).maxLineBytes,
            journal: .random(),
            isRepairing: false,
            files: .system
        )
        found = try recovery.run()
        let identity = (try? FileSystem.contents(of: directory + "/journal.json")).flatMap {
            JournalIdentity($0)
        }
        let header = found.segments.last?.header
        let first = found.segments.first?.header.first ?? 1
        let seq = found.last.seq
        end = header.map {
            JournalMerge.End(
                directory: directory,
                journal: identity?.journal ?? $0.journal,
                epoch: identity?.epoch ?? $0.epoch,
                first: first,
                seq: seq
            )
        }
    }

    func makeReader() -> DiskReader {
        DiskReader(
            directory: recovery.directory,
            codec: recovery.codec,
            maxLineBytes: recovery.maxLineBytes,
            isCurrent: { _ in true }
        )
    }
}
