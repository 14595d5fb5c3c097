import Core
import Foundation
import Journal
import TestKit
import Testing

@testable import Nextflow

@Suite("Composed calls of Tower's client", .serialized)
struct TowerSampleTests {
    /// The calls as the journal has them, a second apart.
    private static func lines() throws -> [JournalLine] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/tower_calls")
        let start = try #require(Timestamp(iso8601: "2026-02-19T18:05:01Z"))
        return try TowerCall.allCases.enumerated().map { index, call in
            let file = folder.appending(path: "\(call.rawValue).json")
            let read = TowerBody(Array(try Data(contentsOf: file)))
            let line = TowerLine(
                call: call,
                workflowID: "5Hq2TzKv8mNw3a",
                workspaceID: 300,
                body: read.body,
                text: read.text
            )
            return JournalLine(
                seq: Int64(index + 1),
                at: start.adding(seconds: index),
                kind: TowerLine.kind,
                body: line.bytes
            )
        }
    }

    /// The weblog's events of the same run and its first task.
    private static func weblog() throws -> [JournalLine] {
        let names = [
            "started", "process_submitted", "process_started", "process_completed", "completed_success",
        ]
        let samples = try Fixture.samples()
        return try names.enumerated().map { index, name in
            let sample = try #require(samples.first { $0.name == "weblog_\(name).json" })
            return try ProjectionHarness.line(Int64(index + 1), sample.body)
        }
    }

    @Test func `lead to the same rows in any order, and doubled`() throws {
        let lines = try Self.lines()
        let told = try TowerHarness.rows(weblog: [], tower: [lines])
        #expect(told.tasks.count == 2)
        #expect(
            told.outcome == [
                "3f0c2f1e-8a54-4d0b-9a63-5b8d1c7f42aa|elated_noyce|succeeded|mira|acme-bio/microbeqc|2026-02-19 18:05:00.412937+00"
            ]
        )
        #expect(told.places == ["2|slurm"])
        #expect(
            told.containers == [
                #"7f3a91|{"cached": true, "freeze": false, "scanId": null, "buildId": null, "mirrorId": null, "requestId": "7f3a91", "requestTime": "2026-02-19T19:05:01.612937+01:00", "sourceImage": "quay.io/acme/bwa-mem2:2.2.1", "targetImage": "wave.seqera.io/wt/7f3a91/acme/bwa-mem2:2.2.1"}"#
            ]
        )
        var generator = SeededGenerator(11)
        for _ in 0..<12 {
            let batches = (lines + lines).shuffled(using: &generator).batches(using: &generator)
            #expect(try TowerHarness.rows(weblog: [], tower: batches) == told)
        }
    }

    @Test func `tell of a task what the weblog tells, and where it ran, whichever comes first`() throws {
        let (tower, weblog) = (try Self.lines(), try Self.weblog())
        let alone = try TowerHarness.rows(weblog: [weblog], tower: [])
        #expect(alone.tasks.count == 1)
        #expect(alone.places == ["2"])
        let both = try TowerHarness.rows(weblog: [weblog], tower: [tower])
        let reversed = try TowerHarness.rows(weblog: [weblog], tower: [tower], towerFirst: true)
        for rows in [both, reversed] {
            #expect(rows.tasks.first == alone.tasks.first)
            #expect(rows.completions == alone.completions)
            #expect(rows.outcome == alone.outcome)
            #expect(rows.places == ["2|slurm"])
        }
    }

    /// Contract §5.3 (4), §10 (2): whoever is silent for longer than a heartbeat takes has stopped, whatever the clock of
    /// the client says.
    @Test(
        "of a run that is silent make it stale, and the next one brings it back",
        arguments: [
            (["create"], 189, "pending"), (["create"], 191, "stale"),
            (["create", "begin", "progress"], 189, "running"),
            (["create", "begin", "progress"], 191, "stale"),
            (["create", "begin", "progress", "heartbeat"], 191, "running"),
            (["create", "begin", "progress", "heartbeat"], 300, "stale"),
            (["create", "begin", "progress", "complete"], 86_400, "succeeded"),
        ] as [([String], Int, String)],
        [0, -600, 600, 400_000_000]
    )
    func liveness(story: ([String], Int, String), skew: Int) throws {
        let (calls, seconds, state) = story
        let start = try #require(Timestamp(iso8601: "2026-11-20T22:00:00Z"))
        let clock = start.adding(seconds: skew).microseconds / 1000
        let workflow = #""workflow":{"sessionId":"s","runName":"n","start":"2026-11-20T22:00:00Z""#
        let bodies = [
            "create": #"{"sessionId":"s","runName":"n","instant":\#(clock)}"#,
            "begin": "{\(workflow)},\"instant\":\(clock)}",
            "progress": #"{"tasks":[{"taskId":1,"status":"RUNNING"}],"instant":\#(clock)}"#,
            "heartbeat": #"{"progress":{},"instant":\#(clock + 90_000)}"#,
            "complete":
                "{\(workflow),\"complete\":\"2026-11-20T22:01:00Z\",\"success\":true},\"instant\":\(clock)}",
        ]
        let lines = try calls.enumerated().map { index, name in
            let line = TowerLine(
                call: try #require(TowerCall(rawValue: name)),
                workflowID: "abc",
                workspaceID: nil,
                body: Array(try #require(bodies[name]).utf8),
                text: nil
            )
            // The heartbeat comes a minute and a half after the others.
            let time = start.adding(seconds: name == "heartbeat" ? 90 : 0)
            return JournalLine(seq: Int64(index + 1), at: time, kind: TowerLine.kind, body: line.bytes)
        }
        _ = try TowerHarness.rows(weblog: [], tower: [lines])
        let moment = start.adding(seconds: seconds)
        let states = try TowerHarness.database.get().rows(
            "SELECT run_state(run, '\(moment)', '{24 hours, 190 seconds}'::interval[]) FROM run"
        )
        #expect(states == [state])
    }

    @Test func `of a run that only the weblog still tells of are not waited for`() throws {
        let start = try #require(Timestamp(iso8601: "2026-11-20T22:00:00Z"))
        let line = TowerLine(
            call: .create,
            workflowID: "abc",
            workspaceID: nil,
            body: Array(#"{"sessionId":"s","runName":"n","instant":\#(start.microseconds / 1000)}"#.utf8),
            text: nil
        )
        let event =
            #"{"runId":"s","runName":"n","event":"process_started","utcTime":"2026-11-20T22:10:00Z","trace":{"task_id":1,"status":"RUNNING"}}"#
        _ = try TowerHarness.rows(
            weblog: [[try ProjectionHarness.line(2, event, at: start.adding(seconds: 600))]],
            tower: [[JournalLine(seq: 1, at: start, kind: TowerLine.kind, body: line.bytes)]]
        )
        let states = try TowerHarness.database.get().rows(
            "SELECT run_state(run, '2026-11-20T23:00:00Z', '{24 hours, 190 seconds}'::interval[]) FROM run"
        )
        #expect(states == ["running"])
    }

    @Test func `keep of an image what the latest of them tells`() throws {
        let start = try #require(Timestamp(iso8601: "2026-11-20T22:00:00Z"))
        let calls = [
            (TowerCall.create, #"{"sessionId":"s","runName":"n","instant":1}"#),
            (.progress, #"{"containers":[{"requestId":"r","cached":false}],"instant":2000}"#),
            (.progress, #"{"containers":[{"requestId":"r","cached":true}],"instant":3000}"#),
        ]
        let lines = calls.enumerated().map { index, call in
            let line = TowerLine(
                call: call.0,
                workflowID: "abc",
                workspaceID: nil,
                body: Array(call.1.utf8),
                text: nil
            )
            return JournalLine(seq: Int64(index + 1), at: start, kind: TowerLine.kind, body: line.bytes)
        }
        for batches in [[lines], lines.map { [$0] }, lines.reversed().map { [$0] }] {
            let rows = try TowerHarness.rows(weblog: [], tower: batches)
            #expect(rows.containers == [#"r|{"cached": true, "requestId": "r"}"#])
        }
    }

    @Test func `may have numbers as texts`() throws {
        func rows(_ quote: String) throws -> TowerHarness {
            let start = try #require(Timestamp(iso8601: "2026-11-20T22:00:00Z"))
            let numbers = [
                ("taskId", "7"), ("exit", "0"), ("attempt", "2"), ("cpus", "4"), ("memory", "1073741824"),
                ("pcpu", "12.5"), ("peakRss", "5e8"), ("duration", "1000"), ("numSpotInterruptions", "1"),
            ]
            let members = numbers.map { "\"\($0)\":\(quote)\($1)\(quote)" }.joined(separator: ",")
            let body =
                #"{"tasks":[{\#(members),"hash":"ab/1","status":"COMPLETED","process":"P"}],"instant":\#(quote)1795000000000\#(quote)}"#
            let lines = [(TowerCall.create, #"{"sessionId":"s","runName":"n"}"#), (.progress, body)]
                .enumerated()
                .map { index, call in
                    let line = TowerLine(
                        call: call.0,
                        workflowID: "abc",
                        workspaceID: nil,
                        body: Array(call.1.utf8),
                        text: nil
                    )
                    return JournalLine(
                        seq: Int64(index + 1),
                        at: start,
                        kind: TowerLine.kind,
                        body: line.bytes
                    )
                }
            return try TowerHarness.rows(weblog: [], tower: [lines])
        }
        let told = try rows("")
        #expect(told.places == ["7"])
        #expect(told.completions.first?.contains("|P|2|COMPLETED|0|") == true)
        #expect(try rows("\"") == told)
    }

    @Test func `that waited for somebody to tell their run are all applied, however much it is`() throws {
        // Together they are more than what is applied at once.
        let filler = String(repeating: "x", count: TowerApplyStore.pendingBytes / 3)
        let start = try #require(Timestamp(iso8601: "2026-11-20T22:00:00Z"))
        var calls = (1...4).map { number in
            (
                TowerCall.progress,
                #"{"tasks":[{"taskId":\#(number),"hash":"ab/\#(number)","status":"COMPLETED","process":"P","exit":0}],"more":"\#(filler)"}"#
            )
        }
        calls.append((.create, #"{"sessionId":"s","runName":"n"}"#))
        let lines = calls.enumerated().map { index, call in
            let line = TowerLine(
                call: call.0,
                workflowID: "abc",
                workspaceID: nil,
                body: Array(call.1.utf8),
                text: nil
            )
            return JournalLine(seq: Int64(index + 1), at: start, kind: TowerLine.kind, body: line.bytes)
        }
        let rows = try TowerHarness.rows(weblog: [], tower: lines.map { [$0] })
        #expect(rows.tasks.count == 4)
        #expect(rows.places == ["1", "2", "3", "4"])
    }
}
