import Core
import Journal
import WeirApp

/// Predicts what the journal will load after a restore.
struct JournalOutlook {
    private let positions: [BackupMetadata.Position]
    private let journal: JournalMerge.End?

    /// Compares a copy's positions with a journal, which is nil if there is none.
    init(_ positions: [BackupMetadata.Position], _ journal: JournalMerge.End?) {
        self.positions = positions
        self.journal = journal
    }

    /// A sentence for each stream, and warnings about missing lines.
    var lines: [String] {
        guard let journal else {
            return [
                "warning: there is no journal here: telemetry that arrived after the copy will be missing"
            ]
        }
        let own = positions.filter { $0.journal == journal.journal.description }
        let others = Set(positions.map(\.journal)).subtracting([journal.journal.description]).count
        var lines = own.map { outlook($0, journal) }
        if own.isEmpty {
            lines.append(
                "warning: the copy does not know the journal here: all of it is loaded, "
                    + "from line \(journal.first) on"
            )
        }
        if others > 0 {
            lines.append(
                "journals of other Weirs in the copy: \(others); start these, too, on their data directories"
            )
        }
        return lines
    }

    private func outlook(_ position: BackupMetadata.Position, _ journal: JournalMerge.End) -> String {
        let next = position.seq + 1
        if position.seq > journal.seq {
            return
                "warning: the journal ends at line \(journal.seq), before the copy (\(position.stream), line "
                + "\(position.seq)): an older disk?"
        }
        if next < journal.first {
            return "warning: lines \(next) to \(journal.first - 1) are no longer kept: their rows of "
                + "\(position.stream) will be missing"
        }
        guard next <= journal.seq else {
            return "\(position.stream): nothing in the journal came after the copy"
        }
        return
            "\(position.stream): lines \(next) to \(journal.seq) of the journal are loaded when Weir starts"
    }
}
