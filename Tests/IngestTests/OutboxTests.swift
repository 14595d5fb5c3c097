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

    @Test("what an open transaction has written is read after its commit, and holds nothing up")
    func openTransactions() throws {
        try Connection.withTemporary(harness.target) { reader in
            try OutboxStore.register("consumer", on: reader)
            try Connection.withTemporary(harness.target) { slow in
                try Connection.withTemporary(harness.target) { quick in
                    try slow.executeScript("BEGIN")
                    try OutboxStore.insert([event("slow")], on: slow)
                    try OutboxStore.insert([event("quick")], on: quick)
                    #expect(try take("consumer", reader) == ["quick"])
                    #expect(try !OutboxStore.hasUnread("consumer", on: reader))
                    try OutboxStore.insert([event("slower")], on: slow)
                    try slow.executeScript("COMMIT")
                    #expect(try OutboxStore.hasUnread("consumer", on: reader))
                    #expect(try take("consumer", reader) == ["slow", "slower"])
                    #expect(try !OutboxStore.hasUnread("consumer", on: reader))
                    #expect(try harness.rows("SELECT name FROM outbox_consumer") == ["consumer"])
                }
            }
        }
    }

    @Test("a forgotten transaction holds nothing up", arguments: [nil, "postgres"])
    func forgotten(database: String?) throws {
        let target = database.map { harness.target.with(database: $0) } ?? harness.target
        try Connection.withTemporary(target) { forgotten in
            try Connection.withTemporary(harness.target) { connection in
                try OutboxStore.register("consumer", on: connection)
                try forgotten.executeScript("BEGIN; SELECT pg_current_xact_id()")
                for subject in ["a", "b"] {
                    try OutboxStore.insert([event(subject)], on: connection)
                    #expect(try OutboxStore.hasUnread("consumer", on: connection))
                    #expect(try take("consumer", connection) == [subject])
                    #expect(try !OutboxStore.hasUnread("consumer", on: connection))
                }
                #expect(try harness.rows("SELECT count(*) FROM outbox_consumer") == ["2"])
                try forgotten.executeScript("ROLLBACK")
                #expect(try take("consumer", connection) == [])
                #expect(try harness.rows("SELECT count(*) FROM outbox_consumer") == ["1"])
            }
        }
    }

    @Test("more events of one open transaction than are taken at once come in their order")
    func manyOfOne() throws {
        try Connection.withTemporary(harness.target) { reader in
            try OutboxStore.register("consumer", on: reader)
            try Connection.withTemporary(harness.target) { slow in
                try slow.executeScript("BEGIN")
                try OutboxStore.insert((0..<25).map { event("\($0)") }, on: slow)
                try OutboxStore.insert([event("quick")], on: reader)
                #expect(try take("consumer", reader) == ["quick"])
                try slow.executeScript("COMMIT")
                let rounds = try (0..<4).map { _ in try take("consumer", reader) }
                #expect(rounds.map(\.count) == [10, 10, 5, 0])
                #expect(rounds.flatMap(\.self) == (0..<25).map(String.init))
            }
        }
    }

    @Test("an event that waits for another transaction comes behind that one's, whichever began first")
    func order() throws {
        try Connection.withTemporary(harness.target) { reader in
            try OutboxStore.register("consumer", on: reader)
            try Connection.withTemporary(harness.target) { first in
                try first.executeScript("BEGIN; SELECT pg_current_xact_id()")
                try OutboxStore.insert([event("lost")], on: reader)
                try OutboxStore.insert([event("back")], on: first)
                try first.executeScript("COMMIT")
            }
            #expect(try take("consumer", reader) == ["lost", "back"])
        }
    }

    /// What one of several writers does next, or the reader.
    private enum Step: CaseIterable {
        case begin, write, savepoint, commit, undo, take
    }

    @Test(
        "each event comes once, however writers and a reader interleave",
        arguments: 1...4 as ClosedRange<UInt64>
    )
    func interleaved(seed: UInt64) throws {
        var random = SeededGenerator(seed)
        var (taken, committed): ([String], [String]) = ([], [])
        try withWriters(4) { reader, writers in
            try OutboxStore.register("consumer", on: reader)
            // What each has written; nil outside a transaction.
            var open = [[String]?](repeating: nil, count: writers.count)
            for number in 0..<400 {
                let place = Int.random(in: 0..<writers.count, using: &random)
                let writer = writers[place]
                switch (Step.allCases.randomElement(using: &random)!, open[place]) {
                case (.begin, nil):
                    try writer.executeScript("BEGIN; SELECT pg_current_xact_id()")
                    open[place] = []
                case (.write, nil):
                    try OutboxStore.insert([event("\(number)")], on: writer)
                    committed.append("\(number)")
                case (.write, .some):
                    try OutboxStore.insert([event("\(number)")], on: writer)
                    open[place]?.append("\(number)")
                case (.savepoint, .some):
                    try writer.executeScript("SAVEPOINT s")
                    try OutboxStore.insert([event("kept \(number)"), event("kept \(number)!")], on: writer)
                    try writer.executeScript("SAVEPOINT t")
                    try OutboxStore.insert([event("undone \(number)")], on: writer)
                    try writer.executeScript("ROLLBACK TO t; RELEASE s")
                    open[place]? += ["kept \(number)", "kept \(number)!"]
                case (.commit, .some(let written)):
                    try writer.executeScript("COMMIT")
                    committed += written
                    open[place] = nil
                case (.undo, .some):
                    try writer.executeScript("ROLLBACK")
                    open[place] = nil
                case (.take, _):
                    taken += try reader.transaction {
                        try OutboxStore.take("consumer", limit: 3, on: reader).map(\.subject)
                    }
                default: break
                }
            }
            for (writer, written) in zip(writers, open) where written != nil {
                try writer.executeScript("COMMIT")
                committed += written ?? []
            }
            while try OutboxStore.hasUnread("consumer", on: reader) { taken += try take("consumer", reader) }
        }
        #expect(committed.count > 50)
        #expect(taken.sorted() == committed.sorted())
        #expect(try harness.rows("SELECT name FROM outbox_consumer") == ["consumer"])
    }

    /// A connection for a reader and some for writers.
    private func withWriters(
        _ count: Int,
        _ body: (Connection, [Connection]) throws -> Void,
        _ made: [Connection] = []
    ) throws {
        try Connection.withTemporary(harness.target) { connection in
            if made.count == count { return try body(connection, made) }
            try withWriters(count, body, made + [connection])
        }
    }

    @Test("a consumer that has taken everything does not look at it again")
    func takenEvents() throws {
        try Connection.withTemporary(harness.target) { connection in
            try OutboxStore.register("consumer", on: connection)
            try connection.execute(
                """
                INSERT INTO outbox_event (kind, subject, at, detail)
                SELECT 'note.written', i::text, now(), '{}' FROM generate_series(1, 3000) i
                """
            )
            let taken = try connection.transaction {
                try OutboxStore.take("consumer", limit: 5000, on: connection).count
            }
            #expect(taken == 3000)
            // The server may not have counted the reads of the transaction before yet.
            func read() throws -> Int64 {
                try connection.execute(
                    """
                    SELECT seq_tup_read + idx_tup_fetch AS rows
                    FROM pg_stat_xact_user_tables WHERE relname = 'outbox_event'
                    """
                )[0].int64("rows")
            }
            let more = try connection.transaction {
                let before = try read()
                #expect(try !OutboxStore.hasUnread("consumer", on: connection))
                #expect(try OutboxStore.take("consumer", limit: 10, on: connection).isEmpty)
                return try read() - before
            }
            #expect(more < 10)
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
