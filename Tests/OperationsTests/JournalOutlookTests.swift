import Core
import Testing

@testable import Journal
@testable import Operations
@testable import WeirApp

/// What an operator is told about the journal before a restore.
@Suite struct `The outlook of a restore` {
    private static let own = UUID128.random()

    struct Case: Sendable {
        let seq: Int64
        let first: Int64
        let last: Int64
        let line: String
    }

    private static let well = "runs: lines 41 to 60 of the journal are loaded when Weir starts"

    @Test(arguments: [
        Case(seq: 40, first: 1, last: 60, line: well),
        Case(seq: 40, first: 41, last: 60, line: well),
        Case(seq: 60, first: 1, last: 60, line: "runs: nothing in the journal came after the copy"),
        Case(
            seq: 40,
            first: 42,
            last: 60,
            line: "warning: lines 41 to 41 are no longer kept: their rows of runs will be missing"
        ),
        Case(
            seq: 40,
            first: 1,
            last: 39,
            line: "warning: the journal ends at line 39, before the copy (runs, line 40): an older disk?"
        ),
    ])
    func `says what comes, and what can not come`(given: Case) {
        let position = BackupMetadata.Position(journal: Self.own.description, stream: "runs", seq: given.seq)
        #expect(lines([position], first: given.first, last: given.last) == [given.line])
    }

    @Test func `warns where there is no journal, and where it is a stranger's`() {
        #expect(JournalOutlook([], nil).lines.first?.hasPrefix("warning: there is no journal here") == true)
        let stranger = BackupMetadata.Position(journal: UUID128.random().description, stream: "runs", seq: 7)
        let said = lines([stranger], first: 3, last: 9)
        #expect(said.count == 2)
        #expect(
            said.first?.hasSuffix("does not know the journal here: all of it is loaded, from line 3 on")
                == true
        )
        #expect(said.last?.hasPrefix("journals of other Weirs in the copy: 1;") == true)
    }

    private func lines(_ positions: [BackupMetadata.Position], first: Int64, last: Int64) -> [String] {
        let end = JournalMerge.End(directory: "d", journal: Self.own, epoch: 1, first: first, seq: last)
        return JournalOutlook(positions, end).lines
    }
}
