import API
import Core
import Ingest
import Journal
import Testing

@testable import Runs

/// The rules of the surface without a database: what becomes of a run, and what others are told.
@Suite("Rules of tracked runs")
struct RunTableTests {
    static let start = Timestamp(iso8601: "2026-01-01T00:00:00Z")!

    /// The elements of lines that arrive a second apart.
    private func elements(_ lines: (kind: RunsProjection.Kind, body: String)...) throws -> [RunElement] {
        try lines.enumerated().flatMap { index, line in
            try RunsProjection().decode(
                JournalLine(
                    seq: Int64(index + 1),
                    at: Self.start.adding(seconds: index),
                    kind: line.kind.rawValue,
                    members: RunLine.members("e1"),
                    body: Array(line.body.utf8)
                ),
                journal: UUID128.random()
            )
        }
    }

    private func apply(_ elements: [RunElement], to table: inout RunTable) -> [RunWriteOutcome?] {
        elements.map { element in
            var element = element
            table.apply(&element)
            return element.outcome
        }
    }

    @Test("every state may follow every other, and each change is told")
    func events() throws {
        let words = ["running", "failed", "success", "timeout", "cancelled", "partial", "partial"]
        var table = RunTable()
        var lines = try elements((.create, RunBody.run("e1")))
        for word in words { lines += try elements((.patch, #"{"status":"\#(word)"}"#)) }
        #expect(apply(lines, to: &table) == [.created] + words.map { _ in .updated })
        #expect(
            table.events.map(\.kind) == [
                "run.started", "run.failed", "run.succeeded", "run.timed_out", "run.cancelled", "run.partial",
            ]
        )
        #expect(table.events.allSatisfy { $0.subject == "e1" })
    }

    @Test("a run that is posted when it is over began and ended")
    func whole() throws {
        var table = RunTable()
        let body = RunBody.run("e1", more: #","status":"failure","error_summary":"no disk""#)
        _ = apply(try elements((.create, body)), to: &table)
        #expect(table.events.map(\.kind) == ["run.started", "run.failed"])
        let detail = try JSONDocument(try #require(table.events.last).detail).root
        #expect(detail["error_summary"]?.string == "no disk" && detail["run_id"]?.string == "R-e1")
    }

    @Test("nobody listens: nothing is told")
    func unheard() throws {
        var table = RunTable(isHeard: false)
        _ = apply(try elements((.create, RunBody.run("e1"))), to: &table)
        #expect(table.events.isEmpty && table.entries.count == 1)
    }

    @Test("what a run is made of depends on its line alone")
    func pure() throws {
        var table = RunTable()
        _ = apply(try elements((.create, RunBody.run("e1"))), to: &table)
        let record = try #require(table.entries.values.first).record
        #expect(record.text(.createdAt) == "2026-01-01T00:00:00.000000+00:00")
        #expect(record.text(.updatedAt) == "2026-01-01 00:00:00")
    }

    @Test("an end without an end time, or of a run that is over, changes nothing")
    func noLateEnd() throws {
        var table = RunTable()
        let ended = RunBody.run("e1", more: #","status":"success""#)
        let late = RunBody.run("e1", more: #","status":"failure","end_time":"2026-01-01T01:00:00Z""#)
        let first = try elements((.create, RunBody.run("e1")), (.create, ended))
        #expect(apply(first, to: &table) == [.created, .duplicate])
        #expect(table.entries.values.first?.record.text(.status) == "running")
        let rest = try elements((.patch, #"{"status":"partial"}"#), (.create, late))
        #expect(apply(rest, to: &table) == [.updated, .duplicate])
        #expect(table.entries.values.first?.record.text(.status) == "partial")
    }

    @Test("a record is read back from its document as it was")
    func roundTrip() throws {
        var table = RunTable()
        let more = #","item_name":"a\"b\\c","metrics_json":{"a":[1,{"b":null}]}"#
        _ = apply(try elements((.create, RunBody.run("e1", more: more))), to: &table)
        let document = try #require(table.entries.values.first).record.document
        #expect(RunRecord(try JSONDocument(document)).document == document)
        #expect(RunRecord(try JSONDocument(document)).text(.itemName) == #"a"b\c"#)
    }

    @Test("every name is found, and nothing else")
    func names() {
        for field in RunField.allCases { #expect(RunField.named(field.name) == field) }
        for name in ["", "id", "event_ids", "record_type", "Event_id", "event_ie"] {
            #expect(RunField.named(name) == nil)
        }
    }
}
