import Configuration
import Core
import FeatureTestKit
import Ingest
import Postgres
import TestKit
import Testing

@testable import Provenance

@Suite("The care of events", .serialized)
struct CareTests {
    @Test func `deletes what is older than its time, with its places and sources, and nothing else`() throws {
        let database = try TemporaryDatabase.withSchema()
        try Connection.withTemporary(database.target) { connection in
            let events = try (1...6).map { number in
                var event = ProvenanceEvent(
                    id: try #require(UUID128(uuid(number))),
                    type: "a.b",
                    project: "p",
                    occurredAt: Timestamp(microseconds: Int64(number) * 1_000_000),
                    receivedAt: .epoch
                )
                event.sources = ["a", "b"]
                return event
            }
            try EventsApplyStore.insert(events, on: connection)
            _ = try PositionStore.placeSome(on: connection)
            let limit = Timestamp(microseconds: 4_000_000)
            let survey = try AgingEvents().survey(before: limit, on: connection)
            #expect(survey.total == 6 && survey.expired == 3)
            #expect(try AgingEvents().deleteBatch(before: limit, atMost: 2, on: connection) == 2)
            #expect(try AgingEvents().deleteBatch(before: limit, atMost: 2, on: connection) == 1)
            #expect(try AgingEvents().deleteBatch(before: limit, atMost: 2, on: connection) == 0)
            #expect(try PositionStore.last(on: connection) == 6)
        }
        #expect(try database.rows("SELECT position FROM provenance_position ORDER BY 1") == ["4", "5", "6"])
        #expect(try database.rows("SELECT count(*) FROM provenance_source") == ["6"])
        for question in Feature.provenance.audit { #expect(try !database.rows(question.sql).isEmpty) }
    }

    @Test func `takes the time by the platform's name, in days`() throws {
        let keep = ProvenanceSettings.keep.row
        #expect(keep.aliases == ["BEAMPIPE_PROVENANCE_RETENTION_DAYS"])
        for (text, seconds) in [("30", 30 * 86_400), ("12h", 43_200), ("0", 0)] {
            var values = SettingValues()
            try values.set(keep, to: text)
            #expect(values[ProvenanceSettings.keep] == .seconds(seconds), "\(text)")
        }
    }
}
