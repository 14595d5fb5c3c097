import Core
import Journal
import Postgres
import TestKit
import Testing

@testable import Ingest

@Suite struct `The registration of a journal` {
    @Test func `takes no new identity when its streams begin at the same moment`() async throws {
        let harness = try IngestHarness()
        let first = try harness.openJournal()
        let id = first.id
        try await begin(["a", "b"], first, harness)
        first.close()
        for _ in 1...10 {
            let journal = try harness.openJournal()
            try await begin(["a", "b", "c", "d"], journal, harness)
            #expect(journal.id == id)
            journal.close()
        }
        #expect(try harness.rows("SELECT count(DISTINCT journal_id) FROM journal_position") == ["1"])
    }

    /// Lets every stream begin on a connection of its own, all at once.
    private func begin(_ streams: [String], _ journal: Journal, _ harness: IngestHarness) async throws {
        let registration = JournalRegistration(journal: journal)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for stream in streams {
                let connection = DedicatedConnection(harness.target)
                // Connected before: what is raced for is the moment behind that.
                try await connection.withConnection { _ in }
                group.addTask {
                    _ = try await connection.withConnection { try registration.begin(stream: stream, on: $0) }
                    connection.close()
                }
            }
            try await group.waitForAll()
        }
    }
}
