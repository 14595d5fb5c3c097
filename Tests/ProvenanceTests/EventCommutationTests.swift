import Core
import FeatureTestKit
import Ingest
import Journal
import Postgres
import TestKit
import Testing

@testable import Provenance

/// Rows of two Weirs may arrive in any order.
@Suite("Lines of events in any order", .serialized)
struct EventCommutationTests {
    /// What a route writes, read again: a line says all that the rows need.
    private static func line(_ seq: Int64, _ ids: [Int], type: String = "a.b") throws -> EventsElement {
        let events = try ids.map { number in
            let id = try #require(UUID128(uuid(number)))
            var event = ProvenanceEvent(
                id: id,
                type: type,
                project: "p\(number % 2)",
                occurredAt: Timestamp(microseconds: Int64(number)),
                receivedAt: Timestamp(microseconds: 1000 + Int64(number)),
                payload: Array(#"{"n": \#(number), "t": "é\n"}"#.utf8)
            )
            event.sources = ["s\(number)", "t"]
            event.source = "s\(number)"
            event.execution = id
            event.actor = "producer:x"
            event.correlation = "c"
            event.trace = String(repeating: "a", count: 32)
            event.digest = id
            return event
        }
        return EventsElement(seq: seq, events: try EventLine.decode(EventLine.encode(events)))
    }

    private static let table = """
        SELECT string_agg(e::text, '|' ORDER BY id) || count(*) FROM provenance_events e
        """
    private static let sources = """
        SELECT string_agg(s::text, '|' ORDER BY s::text) FROM provenance_source s
        """

    @Test func `make the same rows, whole or one by one, and again`() throws {
        let database = try TemporaryDatabase.withSchema()
        let lines = try [
            Self.line(1, [1, 2, 3]), Self.line(2, [4]), Self.line(3, [5, 6]), Self.line(4, [4]),
            Self.line(5, [2, 7]),
        ]
        var generator = SeededGenerator(13)
        var results: Set<[String]> = []
        for round in 0..<8 {
            try database.execute("TRUNCATE provenance_events, provenance_source, provenance_unplaced")
            let order = round == 0 ? lines : lines.shuffled(using: &generator)
            try Connection.withTemporary(database.target) { connection in
                try ProvenanceProjection().prepare(connection)
                for portion in round % 2 == 0 ? [order] : order.map({ [$0] }) {
                    var elements = portion
                    try connection.transaction {
                        try ProvenanceProjection().apply(stage: 0, to: &elements, on: connection)
                    }
                    for element in elements { #expect(element.outcome != nil) }
                }
            }
            results.insert(try database.rows(Self.table) + database.rows(Self.sources))
            #expect(
                try database.rows(
                    "SELECT count(DISTINCT event_id) || '/' || count(*) FROM provenance_unplaced"
                ) == ["7/7"]
            )
        }
        #expect(results.count == 1)
        #expect(
            try database.rows("SELECT payload->>'t' FROM provenance_events WHERE payload->>'n' = '1'") == [
                "é\n"
            ]
        )
    }

    @Test func `in one batch know each other, and those that conflict change nothing`() throws {
        let database = try TemporaryDatabase.withSchema()
        try Connection.withTemporary(database.target) { connection in
            try ProvenanceProjection().prepare(connection)
            var elements = try [
                Self.line(1, [1]), Self.line(2, [1, 2]), Self.line(3, [3, 1], type: "x.y"), Self.line(4, [3]),
            ]
            for index in elements[2].events.indices {
                elements[2] = EventsElement(
                    seq: 3,
                    events: elements[2].events.map { event in
                        var event = event
                        event.digest = index == 0 ? nil : UUID128.random()
                        return event
                    }
                )
            }
            try connection.transaction {
                try ProvenanceProjection().apply(stage: 0, to: &elements, on: connection)
            }
            let told = elements.map { element in
                switch element.outcome {
                case .stored(let earlier): "stored, \(earlier.keys.sorted()) earlier"
                case .conflict(let places): "conflict \(places)"
                case nil: "nothing"
                }
            }
            #expect(
                told == ["stored, [] earlier", "stored, [0] earlier", "conflict [1]", "stored, [] earlier"]
            )
        }
        #expect(
            try database.rows("SELECT event_type FROM provenance_events ORDER BY id") == [
                "a.b", "a.b", "a.b",
            ]
        )
    }
}
