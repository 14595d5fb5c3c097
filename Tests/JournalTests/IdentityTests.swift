import Foundation
import Journal
import Testing

@Suite struct `Identity` {
    private let fixture = JournalFixture()

    @Test func `a journal keeps its id and raises its epoch`() throws {
        let first = try fixture.open()
        let id = first.id
        first.close()
        let second = try fixture.open()
        defer { second.close() }
        #expect(second.id == id)
        #expect(second.epoch == 2)
        let other = JournalFixture()
        let stranger = try other.open()
        #expect(stranger.id != id)
        stranger.close()
    }

    @Test(
        arguments: [
            (2, nil, false, .consistent), (3, nil, false, .consistent), (0, 1, false, .consistent),
            (4, nil, false, .beyondEnd(stored: 4, end: 3)), (4, 1, false, .beyondEnd(stored: 4, end: 3)),
            (0, 2, false, .epochSeenElsewhere(stored: 2, own: 2)), (0, 2, true, .consistent),
            (0, 3, true, .epochSeenElsewhere(stored: 3, own: 2)),
        ] as [(Int64, Int64?, Bool, PositionVerdict)]
    )
    func `what the database remembers is judged`(
        seq: Int64,
        epoch: Int64?,
        isOwn: Bool,
        verdict: PositionVerdict
    ) async throws {
        try fixture.open().close()
        let journal = try fixture.open()
        defer { journal.close() }
        for _ in 0..<3 { try await journal.append("x") }
        #expect(journal.assess(seq: seq, epoch: epoch, isOwnEpochStored: isOwn) == verdict)
    }

    @Test func `a new identity is taken from where the database can't know the lines`() async throws {
        let first = try fixture.open()
        try first.confirmIdentity()
        for _ in 0..<3 { try await first.append("known") }
        first.close()
        // Restored from a backup; two starts without the database.
        for _ in 0..<2 {
            let journal = try fixture.open()
            try await journal.append("unknown")
            journal.close()
        }
        let journal = try fixture.open()
        let change = journal.makeIdentityChange()
        #expect(change.previous == journal.id)
        #expect(change.boundary == 3)
        #expect(journal.id == change.previous)
        try journal.takeNewIdentity(change)
        #expect(journal.id == change.current)
        try await journal.append("new life")
        journal.close()
        let again = try fixture.open()
        defer { again.close() }
        #expect(again.id == change.current)
        #expect(try again.lines().seqs == Array(1...6))
        #expect(again.makeIdentityChange().boundary == 6)
        let last = try #require(try fixture.segmentNames.filter { $0.contains("0003") }.first)
        #expect(String(decoding: try fixture.contents(of: last), as: UTF8.self).contains("\(change.current)"))
    }
}
