import Core
import Journal
import Postgres
import TestKit
import Testing

@testable import Ingest

@Suite struct `Dead letters that are hard to store` {
    private func letter(seq: Int64, reason: String = "odd", body: [UInt8]) -> DeadLetter {
        DeadLetter(
            journalID: .random(),
            seq: seq,
            element: 0,
            stream: "notes",
            stage: 1,
            kind: NoteProjection.kind,
            receivedAt: .now(),
            refusal: Refusal(sqlState: "22023", reason: reason),
            members: LineMembers(),
            body: body
        )
    }

    /// Stores letters in a transaction and reads them back; also how many were refused in every form.
    private func roundTrip(
        _ letters: [DeadLetter],
        _ harness: IngestHarness
    ) throws -> (stored: [DeadLetter], refused: Int) {
        try Connection.withTemporary(harness.target) { connection in
            let refused = try connection.transaction { try DeadLetterStore.insert(letters, on: connection) }
            return (try DeadLetterStore.fetchWaiting(on: connection), refused.count)
        }
    }

    @Test func `are stored whatever their bytes are, and come back unchanged`() throws {
        let bodies: [[UInt8]] = [
            Array("[1]".utf8), [0], [0x7B, 0, 0x7D], [0xFF, 0xFE], Array("\\x12".utf8),
            Array("\u{1F980}".utf8), [],
        ]
        let letters = bodies.enumerated().map { letter(seq: Int64($0.offset), body: $0.element) }
        let (stored, refused) = try roundTrip(letters, try IngestHarness())
        #expect(refused == 0)
        #expect(stored.map(\.body) == bodies)
    }

    @Test func `are stored with a reason of any length and any letters`() throws {
        let long = String(repeating: "\u{1F980}", count: 5000)
        let letters = [
            letter(seq: 1, reason: "a\0b", body: [0x31]), letter(seq: 2, reason: long, body: [0x31]),
            letter(seq: 3, reason: "größer\u{7}", body: [0]),
        ]
        let (stored, refused) = try roundTrip(letters, try IngestHarness())
        #expect(refused == 0)
        #expect(stored[0].refusal.reason == "a\u{2400}b")
        #expect(stored[1].refusal.reason == String(repeating: "\u{1F980}", count: 500) + "...")
        #expect(stored[2].refusal.reason == "gr??er?")
    }

    @Test func `go without their words where a database refuses those, and never stop the stream`()
        async throws
    {
        let harness = try IngestHarness()
        try harness.execute("ALTER TABLE dead_letter ADD CHECK (body = '')")
        let (stored, refused) = try roundTrip([letter(seq: 1, body: [0x31])], harness)
        #expect(refused == 0)
        #expect(
            stored.map(\.refusal.reason) == [
                "PostgreSQL refused the dead letter, too; the journal has the line"
            ]
        )
        try harness.execute("ALTER TABLE dead_letter ADD CHECK (stage > 100) NOT VALID")
        let journal = try harness.openJournal()
        _ = try await journal.append(note: "[2,3]")
        let last = try await journal.append(note: "[4]")
        let snapshot = try await harness.loadAll(journal)
        #expect(snapshot.appliedSeq == last)
        #expect(snapshot.state == .waiting)
        #expect(try harness.rows("SELECT value FROM even_note ORDER BY 1") == ["2", "4"])
        journal.close()
    }
}
