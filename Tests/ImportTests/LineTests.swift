import Core
import Foundation
import HTTP
import Testing

@testable import Import

@Suite struct `Files and buffers of the original client` {
    private static let start =
        #"{"event_id": "e1", "run_id": "r1", "agent_name": "a", "job_type": "j", "#
        + #""start_time": "2026-01-01T00:00:00+00:00", "status": "running", "end_time": null, "items_failed": 0, "#
        + #""api_posted": 0, "created_at": "2026-01-01T00:00:00.000001+00:00", "note": "\ud83d", "record_type": "run"}"#
    private static let end =
        #"{"event_id": "e1", "run_id": "r1", "agent_name": "a", "job_type": "j", "#
        + #""start_time": "2026-01-01T00:00:00+00:00", "status": "success", "end_time": "2026-01-01T01:00:00+00:00", "#
        + #""metrics_json": "{\"n\": 1}", "created_at": null, "updated_at": null, "record_type": "run"}"#
    private static let event =
        #"{"run_id": "r1", "event_type": "x", "timestamp": "t", "payload_json": null, "#
        + #""id": null, "record_type": "event"}"#

    @Test func `bring the start and the end of a run in their order`() throws {
        let folder = try Folder()
        try folder.write(
            "events_20260101.ndjson",
            [Self.start, Self.event, Self.end].joined(separator: "\n")
        )
        let server = StubServer()
        let summary = folder.importing(into: server)
        #expect(summary.runsRead == 2 && summary.ends == 1 && summary.events == 1 && summary.exitCode == 0)
        #expect(summary.runs.created == 1 && summary.runs.alreadyThere == 1)
        let sent = Array(try #require(server.requests.first).root.elements)
        #expect(sent.map { $0["status"]?.string } == ["running", "success"])
        #expect(sent[0]["end_time"] == nil)
        #expect(String(decoding: sent[0].rawBytes, as: UTF8.self).contains(#""note":"\ud83d""#))
        #expect(sent[1]["metrics_json"]?["n"]?.int64 == 1)
        // An end whose start was lost is no run of today.
        #expect(sent[1]["created_at"]?.string == "2026-01-01T00:00:00+00:00")
    }

    @Test(arguments: ["telemetry_20260101_000000.jsonl.active", "a.ready", "b.synced", "any name"])
    func `are known by their content`(name: String) throws {
        let folder = try Folder()
        try folder.write(name, "\n\n" + Self.start + "\n")
        #expect(folder.importing(into: StubServer()).runs.created == 1)
    }

    @Test func `are read past broken and blank lines, which are counted`() throws {
        let folder = try Folder()
        let lines = [
            #"{"event_id": "cut"#, "", "  ", Self.start + "\r", "[1]", #"{"hello": 1}"#,
            #"{"event_id": "\#u{FFFD}"#, Self.end,
        ]
        try folder.write("events.ndjson", lines.joined(separator: "\n"))
        let summary = folder.importing(into: StubServer())
        #expect(summary.runsRead == 2 && summary.faults.total == 4 && summary.exitCode == 1)
        #expect(summary.lines.contains("unreadable     4"))
        #expect(summary.lines.contains("               3 lines are no JSON objects"))
        #expect(summary.lines.contains("               1 line is no record of a run"))
    }

    @Test func `are read past a line longer than a server takes`() throws {
        let folder = try Folder()
        let long =
            #"{"event_id": "long", "x": ""# + String(repeating: "x", count: FileLineReader.longest + 99)
            + #""}"#
        try folder.write("events.ndjson", [Self.start, long, Self.end, long].joined(separator: "\n"))
        let summary = folder.importing(into: StubServer())
        #expect(summary.runsRead == 2 && summary.faults.counts == [.tooLong: 2] && summary.exitCode == 1)
    }

    @Test func `may be compressed, in several members`() throws {
        let folder = try Folder()
        var bytes: [UInt8] = []
        for line in [Self.start, Self.end] {
            let encoder = GzipEncoder()
            encoder.append(Array((line + "\n").utf8), into: &bytes)
            encoder.finish(into: &bytes)
        }
        let whole = try folder.write("events.ndjson.gz", bytes)
        #expect(folder.importing(whole, into: StubServer()).runsRead == 2)
        let cut = try folder.write("cut.gz", Array(bytes.dropLast(12)))
        let summary = folder.importing(cut, into: StubServer())
        #expect(summary.exitCode == 2)
        #expect(summary.failedFiles == ["\(cut) is a damaged gzip file, or one that is not whole"])
    }

    @Test func `with numbers that JSON does not have bring their runs`() throws {
        let folder = try Folder()
        let lines = [
            #"{"event_id":"a","agent_name":"x","metrics_json":{"loss":NaN,"best":-Infinity,"s":"NaN \" NaN"}}"#,
            #"{"event_id":"b","agent_name":"x","duration_ms":NaN,"metrics_json":"{\"n\": Infinity}"}"#,
            #"{"event_id":"c","agent_name":"x","metrics_json":{"loss":NaNa}}"#,
        ]
        try folder.write("events.ndjson", lines.joined(separator: "\n"))
        let server = StubServer()
        let summary = folder.importing(into: server)
        #expect(summary.runs.created == 2 && summary.altered == 4 && summary.faults.counts == [.notJSON: 1])
        let sent = try server.requests[0].root.elements.map { String(decoding: $0.rawBytes, as: UTF8.self) }
        #expect(sent[0].contains(#""metrics_json":{"loss":"NaN","best":"-Infinity","s":"NaN \" NaN"}"#))
        #expect(sent[1].contains(#""metrics_json":{"n": "Infinity"}"#) && !sent[1].contains("duration_ms"))
    }

    @Test(arguments: [
        ("\u{0}\u{0}\u{0}", "line 2 holds NUL bytes"),
        ("{", "line 2 is no JSON: the file ends in the middle of it"),
        ("[1]\n", "line 2 is JSON, but no object"), (#"{"a": 1}"#, "line 2 has neither event_id nor run_id"),
    ])
    func `name each line that is no record`(line: String, words: String) throws {
        let folder = try Folder()
        let path = try folder.write("events.ndjson", Self.start + "\n" + line)
        let summary = folder.importing(into: StubServer())
        #expect(summary.faults.shown == ["\(path) \(words)"] && summary.exitCode == 1)
        #expect(summary.troubleLines == ["  unreadable: \(path) \(words)"])
    }

    @Test func `of Weir's own journal are for replay`() throws {
        let folder = try Folder()
        let path = try folder.write(
            "events_20260101.ndjson",
            #"{"crc":"0a0b0c0d","seq":1,"kind":"run/1"}"# + "\n"
        )
        let summary = folder.importing(path, into: StubServer())
        #expect(summary.failedFiles == ["\(path) is a journal of Weir's: `weir replay` reads it"])
    }

    @Test func `go after databases, whose rows know more`() throws {
        let folder = try Folder()
        try folder.write("a.ndjson", Self.start)
        let database = try WritableDatabase(folder.file("z.sqlite")).run(WritableDatabase.serviceTable)
        try database.addRuns(1)
        let server = StubServer()
        _ = folder.importing(into: server) { $0.batchSize = 1 }
        let ids = try server.requests.map { try $0.root.elements.map { $0["event_id"]?.string } }
        #expect(ids == [["event-1"], ["e1"]])
    }

    @Test func `send nothing in a dry run`() throws {
        let folder = try Folder()
        try folder.write("events.ndjson", Self.start)
        let server = StubServer()
        let summary = folder.importing(into: server) { $0.isDryRun = true }
        #expect(summary.runsRead == 1 && server.requests.isEmpty && summary.exitCode == 0)
        #expect(summary.lines.contains("sent           0  (a dry run)"))
    }
}
