import Core
import Postgres
import TestKit
import Testing

@testable import Ingest

/// Signals reach every consumer once, in the order of their transactions.
@Suite("Signals", .serialized)
struct SignalTests {
    private let harness: IngestHarness

    init() throws {
        harness = try IngestHarness()
    }

    private func event(_ subject: String) -> OutboxEvent {
        OutboxEvent(kind: "note.written", subject: subject, at: .epoch, detail: Array(#"{"a": 1}"#.utf8))
    }

    private func take(_ consumer: String, _ connection: Connection) throws -> [String] {
        try connection.transaction {
            try OutboxStore.take(consumer, limit: 10, on: connection).map(\.subject)
        }
    }

    @Test("without a consumer nothing is written; each consumer has a place of its own")
    func consumers() throws {
        try Connection.withTemporary(harness.target) { connection in
            #expect(try !OutboxStore.hasConsumers(on: connection))
            try OutboxStore.insert([event("unheard")], on: connection)
            try OutboxStore.register("first", on: connection)
            try OutboxStore.insert([event("a"), event("b")], on: connection)
            try OutboxStore.register("second", on: connection)
            try OutboxStore.register("second", on: connection)
            try OutboxStore.insert([event("c")], on: connection)
            #expect(try take("first", connection) == ["a", "b", "c"])
            #expect(try take("first", connection) == [])
            #expect(try take("second", connection) == ["c"])
            #expect(try harness.rows("SELECT count(*) FROM outbox_event") == ["3"])
        }
    }

    @Test("what a transaction that is still open has written is neither read nor skipped")
    func openTransactions() throws {
        try Connection.withTemporary(harness.target) { reader in
            try OutboxStore.register("consumer", on: reader)
            try Connection.withTemporary(harness.target) { slow in
                try Connection.withTemporary(harness.target) { quick in
                    try slow.executeScript("BEGIN")
                    try OutboxStore.insert([event("slow")], on: slow)
                    try OutboxStore.insert([event("quick")], on: quick)
                    #expect(try take("consumer", reader) == [])
                    try slow.executeScript("COMMIT")
                    #expect(try take("consumer", reader) == ["slow", "quick"])
                }
            }
        }
    }

    @Test("an effect that is rolled back gets its events again")
    func rolledBack() throws {
        struct Failure: Error {}
        try Connection.withTemporary(harness.target) { connection in
            try OutboxStore.register("consumer", on: connection)
            try OutboxStore.insert([event("a")], on: connection)
            #expect(throws: Failure.self) {
                try connection.transaction {
                    #expect(try OutboxStore.take("consumer", limit: 10, on: connection).count == 1)
                    throw Failure()
                }
            }
            #expect(try take("consumer", connection) == ["a"])
        }
    }
}
