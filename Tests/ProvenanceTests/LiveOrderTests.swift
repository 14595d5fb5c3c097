import Core
import FeatureTestKit
import Postgres
import TestKit
import Testing

@testable import Provenance

/// The live order: transactions end in another order than they began in, and no reader may miss one.
@Suite("The live order", .serialized)
struct LiveOrderTests {
    private let database: TemporaryDatabase

    init() throws { database = try TemporaryDatabase.withSchema() }

    private func event(_ number: Int) throws -> ProvenanceEvent {
        let id = try #require(UUID128(uuid(number)))
        return ProvenanceEvent(id: id, type: "a.b", project: "p", occurredAt: .epoch, receivedAt: .epoch)
    }

    private func insert(_ number: Int, _ connection: Connection) throws {
        try EventsApplyStore.insert([try event(number)], on: connection)
    }

    /// What a reader has that comes again with the place that it saw last.
    private struct Reader {
        var position: Int64 = 0
        var seen: [Int] = []

        mutating func read(_ connection: Connection) throws {
            let last = try PositionStore.last(on: connection)
            var (numbers, place) = ([Int](), position)
            try PositionStore.forEach(
                after: position,
                through: last,
                atMost: 1000,
                EventFilter(),
                on: connection
            ) { position, event in
                numbers.append(Int(event.id.description.suffix(12)) ?? 0)
                place = position
                return true
            }
            position = place
            seen += numbers
        }
    }

    @Test func `is that of a batch, whose events are not compared with each other`() throws {
        try Connection.withTemporary(database.target) { connection in
            try EventsApplyStore.prepare(connection)
            try insert(5, connection)
            let events = try [7, 5, 9, 6, 8].map(event)
            #expect(try EventsApplyStore.insert(events, on: connection).count == 4)
            _ = try PositionStore.placeSome(on: connection)
            var reader = Reader()
            try reader.read(connection)
            #expect(reader.seen == [5, 7, 9, 6, 8])
            let plan = try connection.execute(
                Statement("plan", "EXPLAIN (COSTS OFF) " + EventsApplyStore.insert.sql),
                EventsApplyStore.columns(of: events)
            ).map { try $0.text("QUERY PLAN") }.joined(separator: "\n")
            #expect(plan.contains("hashed SubPlan") && !plan.contains("Join Filter"), "\(plan)")
        }
    }

    @Test func `has every event once, however their transactions interleave`() throws {
        try Connection.withTemporary(database.target) { first in
            try Connection.withTemporary(database.target) { second in
                try Connection.withTemporary(database.target) { stamper in
                    var reader = Reader()
                    try first.executeScript("BEGIN")
                    try insert(1, first)
                    try second.executeScript("BEGIN")
                    try insert(2, second)
                    try insert(3, first)
                    // Nothing is committed: nothing has a place.
                    _ = try PositionStore.placeSome(on: stamper)
                    try reader.read(stamper)
                    #expect(reader.seen == [])
                    // What was written later is seen first.
                    try second.executeScript("COMMIT")
                    _ = try PositionStore.placeSome(on: stamper)
                    try reader.read(stamper)
                    #expect(reader.seen == [2])
                    try insert(4, second)
                    try first.executeScript("COMMIT")
                    _ = try PositionStore.placeSome(on: stamper)
                    try reader.read(stamper)
                    #expect(reader.seen == [2, 1, 3, 4])
                    #expect(reader.position == 4)
                }
            }
        }
    }

    @Test func `is given by one at a time, and a place appears after all before it`() throws {
        try Connection.withTemporary(database.target) { writer in
            try Connection.withTemporary(database.target) { slow in
                try Connection.withTemporary(database.target) { other in
                    var reader = Reader()
                    try insert(1, writer)
                    try slow.executeScript("BEGIN; SELECT last_position FROM provenance_feed FOR UPDATE")
                    try slow.execute(Statement("place", file: PackageResources.place_events_sql), [.int(10)])
                    try insert(2, writer)
                    // Another Weir leaves it to the one that is at it.
                    _ = try PositionStore.placeSome(on: other)
                    try reader.read(other)
                    #expect(reader.seen == [])
                    try slow.executeScript("COMMIT")
                    _ = try PositionStore.placeSome(on: other)
                    try reader.read(other)
                    #expect(reader.seen == [1, 2])
                }
            }
        }
        #expect(try database.rows("SELECT last_position FROM provenance_feed") == ["2"])
    }

    @Test func `survives a rolled back attempt, and many events at once stay in their order`() throws {
        try Connection.withTemporary(database.target) { connection in
            for number in 1...5 { try insert(number, connection) }
            try connection.executeScript("BEGIN; SELECT last_position FROM provenance_feed FOR UPDATE")
            try connection.execute(Statement("place", file: PackageResources.place_events_sql), [.int(2)])
            try connection.executeScript("ROLLBACK")
            try connection.executeScript("SELECT last_position FROM provenance_feed FOR UPDATE")
            try connection.execute(Statement("place", file: PackageResources.place_events_sql), [.int(2)])
            var reader = Reader()
            try reader.read(connection)
            #expect(reader.seen == [1, 2])
            _ = try PositionStore.placeSome(on: connection)
            try reader.read(connection)
            #expect(reader.seen == [1, 2, 3, 4, 5])
            // An event of which a client knows from elsewhere gets its place when it asks.
            try insert(6, connection)
            #expect(try PositionStore.placed(try #require(UUID128(uuid(6))), on: connection) == 6)
            #expect(try PositionStore.placed(try #require(UUID128(uuid(7))), on: connection) == nil)
        }
    }
}
