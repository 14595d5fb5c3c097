import Core
import Testing

@testable import Import

@Suite struct `Values of a trace file` {
    @Test(
        arguments: [
            ("0", 0), ("12 B", 12), ("1.2 GB", 1_288_490_189), ("29.8 MB", 31_247_565), ("512 KB", 524_288),
            ("3 TB", 3_298_534_883_328), ("1288490189", 1_288_490_189), ("-", nil), ("", nil),
            ("1.2 XB", nil),
            ("-5 MB", nil), ("1 2 MB", nil), ("0x10", nil), ("inf", nil), ("nan GB", nil), ("1e300 GB", nil),
            ("1,2 GB", 1_288_490_189), ("1.2GB", 1_288_490_189), ("1,2,3 GB", nil), ("1.000,5 KB", nil),
        ] as [(String, Int64?)]
    )
    func `read as bytes`(text: String, bytes: Int64?) {
        #expect(TraceValue.bytes(text) == bytes)
    }

    @Test(
        arguments: [
            ("120ms", 120), ("1.5s", 1500), ("3m 2s", 182_000), ("1h 2m 3s", 3_723_000),
            ("2d 3h", 183_600_000),
            ("1d", 86_400_000), ("182000", 182_000), ("0", 0), ("-", nil), ("", nil), ("5 parsecs", nil),
            ("m", nil), ("-3", nil), ("٣s", nil), ("1,5s", 1500), ("1m 2,5s", 62_500),
        ] as [(String, Int64?)]
    )
    func `read as milliseconds`(text: String, milliseconds: Int64?) {
        #expect(TraceValue.milliseconds(text) == milliseconds)
    }

    @Test(
        arguments: [
            ("2026-02-19 19:05:00.412", 0, 1_771_527_900_412),
            ("2026-02-19 19:05:00.412", 3600, 1_771_524_300_412),
            ("2026-02-19T19:05:00.412Z", 3600, 1_771_527_900_412),
            ("2026-02-19T19:05:00.412+01:00", -3600, 1_771_524_300_412),
            ("2026-02-19 19:05:00,412", 0, 1_771_527_900_412),
            ("1771527900412", 3600, 1_771_527_900_412), ("-", 0, nil), ("yesterday", 0, nil),
        ] as [(String, Int, Int64?)]
    )
    func `read as a time`(text: String, offset: Int, milliseconds: Int64?) {
        #expect(TraceValue.time(text, offsetSeconds: offset) == milliseconds)
    }

    @Test(
        arguments: [("98.7%", 98.7), ("733.4", 733.4), ("98,7 %", 98.7), ("-", nil), ("%", nil)]
            as [(String, Double?)]
    )
    func `read as per cent`(text: String, percent: Double?) {
        #expect(TraceValue.percent(text) == percent)
    }

    @Test(
        arguments: [
            ("+01:00", 3600), ("-0530", -19800), ("Z", 0), ("+00:00", 0), ("+25:00", nil), ("CET", nil),
            ("", nil),
        ] as [(String, Int?)]
    )
    func `read as an offset from UTC`(text: String, seconds: Int?) {
        #expect(ZoneOffset(text)?.seconds == seconds)
    }
}

@Suite struct `Trace files` {
    static let header =
        "task_id\thash\tnative_id\tname\tstatus\texit\tsubmit\tduration\trealtime\t%cpu\tpeak_rss\t"
        + "peak_vmem\trchar\twchar\n"
    static let readable =
        header
        + "1\tab/cdef12\t4711\tWF:ALIGN (S1 (a))\tCOMPLETED\t0\t2026-02-19 19:05:00.412\t3m 2s\t2m 58s\t98.7%\t1.2 GB\t"
        + "2.5 GB\t29.8 MB\t512 KB\n"
        + "2\tab/cdef13\tpod-1\tWF:QC (2)\tFAILED\t137\t2026-02-19 19:05:01.000\t1.5s\t1s\t-\t-\t-\t-\t-\n"
        + "3\tab/cdef14\t-\tWF:QC (2)\tCOMPLETED\t0\t2026-02-19 19:06:01.000\t120ms\t100ms\t50.0%\t0\t0\t12 B\t0\n"
        + "4\tab/cdef15\t-\tWF:OLD\tCACHED\t0\t2025-02-19 19:06:01.000\t120ms\t100ms\t50.0%\t0\t0\t12 B\t0\n"

    private func events(_ text: String, _ change: (inout ImportOptions) -> Void = { _ in }) throws -> (
        bodies: [JSONNode], summary: ImportSummary
    ) {
        let folder = try Folder()
        try folder.write("rnaseq.trace.txt", text)
        let server = StubServer()
        let summary = folder.importing(into: server, change)
        #expect(server.requests.allSatisfy { $0.path == "/telemetry" })
        return (try server.requests.map { try $0.root }, summary)
    }

    private func text(_ node: JSONNode?) -> String {
        node.map { String(decoding: $0.rawBytes, as: UTF8.self) } ?? ""
    }

    @Test func `become the events that the run would have sent`() throws {
        let (bodies, summary) = try events(Self.readable) { $0.traceOffsetSeconds = 3600 }
        #expect(summary.tasks == 4 && summary.cachedTasks == 1 && summary.weblog.created == 5)
        #expect(
            bodies.map { $0["event"]?.string } == [
                "started", "process_completed", "process_completed", "process_completed", "completed",
            ]
        )
        #expect(Set(bodies.map { $0["runName"]?.string }) == ["rnaseq.trace"])
        #expect(Set(bodies.map { $0["runId"]?.string }).count == 1)
        #expect(
            text(bodies[1]["trace"])
                == #"{"%cpu":98.7,"duration":182000,"exit":0,"hash":"ab/cdef12","name":"WF:ALIGN (S1 (a))","#
                + #""native_id":4711,"peak_rss":1288490189,"peak_vmem":2684354560,"rchar":31247565,"#
                + #""realtime":178000,"status":"COMPLETED","task_id":1,"wchar":524288,"process":"WF:ALIGN","#
                + #""tag":"S1 (a)","submit":1771524300412,"complete":1771524482412}"#
        )
        #expect(
            text(bodies[2]["trace"])
                == #"{"duration":1500,"exit":137,"hash":"ab/cdef13","name":"WF:QC (2)","native_id":"pod-1","#
                + #""realtime":1000,"status":"FAILED","task_id":2,"process":"WF:QC","tag":null,"#
                + #""submit":1771524301000,"complete":1771524302500}"#
        )
        #expect(bodies[1]["utcTime"]?.string == "2026-02-19T18:08:02.412000Z")
        #expect(
            text(bodies[4]["metadata"]?["workflow"])
                == #"{"runName":"rnaseq.trace","sessionId":"\#(bodies[4]["runId"]?.string ?? "")","#
                + #""start":"2026-02-19T18:05:00.412000Z","complete":"2026-02-19T18:08:02.412000Z","#
                + #""duration":182000,"success":true,"reconstructed":true,"stats":{"succeededCount":2,"failedCount":1,"#
                + #""abortedCount":0,"cachedCount":1,"retriesCount":0,"ignoredCount":0}}"#
        )
    }

    @Test func `in raw numbers become the same`() throws {
        let raw =
            Self.header
            + "1\tab/cdef12\t4711\tWF:ALIGN (S1 (a))\tCOMPLETED\t0\t1771524300412\t182000\t178000\t98.7\t1288490189\t"
            + "2684354560\t31247565\t524288\n"
        let readable = try events(Self.readable) { $0.traceOffsetSeconds = 3600 }.bodies
        #expect(text(try events(raw).bodies[1]["trace"]) == text(readable[1]["trace"]))
    }

    @Test func `may have other columns in another order`() throws {
        let (bodies, summary) = try events(
            """
            status\tattempt\tprocess\ttag\tstart\tcomplete\tmy column\ttask_id\terror_action\texit
            FAILED\t1\tP\tT (x)\t2026-01-01 00:00:01\t2026-01-01 00:00:02\tmine\t9\tRETRY\t-
            ABORTED\t2\tP\t-\t-\t-\t-\t10\t-\t-
            COMPLETED\t2\tP\t-
            no number\t2\tP\tx\t-\t-\t-\tx\t-\t-

            """
        )
        #expect(summary.tasks == 2 && summary.faults.total == 1 && summary.exitCode == 1)
        #expect(
            summary.faults.shown.first?.hasSuffix("lines 4 to 5 have 13 columns, the header has 10") == true
        )
        #expect(
            text(bodies[1]["trace"])
                == #"{"attempt":1,"error_action":"RETRY","exit":2147483647,"my column":"mine","process":"P","status":"FAILED","#
                + #""tag":"T (x)","task_id":9,"submit":0,"start":1767225601000,"complete":1767225602000}"#
        )
        #expect(bodies[3]["metadata"]?["workflow"]?["success"]?.bool == false)
    }

    @Test(
        arguments: [
            (["COMPLETED"], true), (["FAILED", "COMPLETED"], true), (["FAILED"], false),
            (["FAILED IGNORE"], true), (["COMPLETED", "FAILED"], false), (["ABORTED"], false),
            (["CACHED"], true),
        ] as [([String], Bool)]
    )
    func `tell by their tasks how the run ended`(statuses: [String], success: Bool) throws {
        let lines = statuses.enumerated().map { index, status in
            let words = status.split(separator: " ")
            return
                "\(index + 1)\tP (1)\t\(words[0])\t\(words.count > 1 ? words[1] : "-")\t2026-01-01 00:00:00"
        }
        let text = "task_id\tname\tstatus\terror_action\tsubmit\n" + lines.joined(separator: "\n")
        let last = try #require(try events(text).bodies.last)
        #expect(last["metadata"]?["workflow"]?["success"]?.bool == success)
    }

    @Test func `keep the id of their run as they grow, and can be given another`() throws {
        let lines = Self.readable.split(separator: "\n", omittingEmptySubsequences: false)
        let short = lines.prefix(2).joined(separator: "\n") + "\n"
        let id = try events(Self.readable).bodies[0]["runId"]?.string
        #expect(id?.split(separator: "-")[2].first == "8")
        #expect(try events(short).bodies[0]["runId"]?.string == id)
        #expect(
            try events(Self.readable.replacing("cdef12", with: "cdef99")).bodies[0]["runId"]?.string != id
        )
        let named = try events(Self.readable) { ($0.runID, $0.runName) = ("3f0c", "elated_noyce") }.bodies
        #expect(
            Set(named.map { "\($0["runId"]?.string ?? "") \($0["runName"]?.string ?? "")" }) == [
                "3f0c elated_noyce"
            ]
        )
    }

    @Test(arguments: [
        ("task_id\tname\tstatus\n1\tP\tCOMPLETED\n", "has no time in submit, start or complete"),
        ("hash\tname\tsubmit\nab/cd\tP\t2026-01-01 00:00:00\n", "has no column task_id"),
        ("task_id\tname\tsubmit\n", "has no tasks"),
    ])
    func `that cannot become events say why`(text: String, reason: String) throws {
        let (bodies, summary) = try events(text)
        #expect(bodies.isEmpty && summary.exitCode == 2)
        #expect(summary.failedFiles.first?.contains(reason) == true, "\(summary.failedFiles)")
    }

    @Test func `with times beyond all bounds have none`() throws {
        let (bodies, summary) = try events(
            """
            task_id\tsubmit\tduration\tpeak_rss
            1\t9223372036854775807\t9223372036854775807\t9e300 GB
            2\t253402300799999\t1\t1
            3\t1767225600000\t9223372036854775807\t-1
            -9223372036854775808\t-5\t1e300\t1

            """
        )
        #expect(summary.tasks == 4 && summary.exitCode == 1)
        #expect(
            bodies.dropFirst().dropLast().map { text($0["trace"]?["complete"]) } == ["", "", "", ""]
        )
        #expect(bodies[0]["utcTime"]?.string == "2026-01-01T00:00:00.000000Z")
    }

    /// The same seed gives the same files.
    @Test(arguments: 1...8) func `however garbled give valid JSON or a reason`(seed: UInt64) throws {
        var generator = Xorshift(state: seed &* 0x9E37_79B9_7F4A_7C15)
        let folder = try Folder()
        let pieces = [
            "\t", "\n", "-", "9223372036854775807", " GB", "1e400", "\u{0}", "\"", "\\", "ü", "(", ") ", "%",
        ]
        for _ in 0..<60 {
            var bytes = Array(Self.readable.utf8)
            for _ in 0..<Int.random(in: 1...12, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                let piece = pieces.randomElement(using: &generator) ?? ""
                let end = min(bytes.count, place + Int.random(in: 0...9, using: &generator))
                bytes.replaceSubrange(place..<end, with: Array(piece.utf8))
            }
            if Bool.random(using: &generator) { bytes.append(UInt8.random(in: 0...255, using: &generator)) }
            let path = try folder.write("trace.txt", bytes)
            let server = StubServer()
            let summary = folder.importing(path, into: server) { $0.format = .trace }
            #expect(
                summary.exitCode == 2 || server.requests.count >= 3 || summary.cachedTasks == summary.tasks
            )
            for request in server.requests {
                let root = try request.root
                #expect(root["utcTime"]?.timestamp != nil && root["runId"]?.string?.count == 36)
            }
        }
    }

    @Test func `without hashes are not joined to a run`() throws {
        let text = "task_id\tname\tstatus\tsubmit\n1\tP\tCOMPLETED\t2026-01-01 00:00:00\n"
        let (bodies, summary) = try events(text) { $0.runID = "3f0c" }
        #expect(bodies.isEmpty && summary.exitCode == 2)
        #expect(summary.failedFiles.first?.contains("has no column hash") == true)
        #expect(try events(text).summary.exitCode == 0)
    }

    @Test func `of several runs are not given one id`() throws {
        let folder = try Folder()
        try folder.write("a.txt", Self.readable)
        try folder.write("b.txt", Self.readable.replacing("cdef12", with: "cdef99"))
        let server = StubServer()
        let summary = folder.importing(into: server) { $0.runID = "3f0c" }
        #expect(summary.exitCode == 2 && server.requests.isEmpty)
        #expect(folder.importing(into: server).traces == 2)
    }

    @Test func `count the events that the server refuses`() throws {
        let folder = try Folder()
        try folder.write("trace.txt", Self.readable)
        let server = StubServer()
        server.interfere = { request in
            try request.root["event"]?.string == "completed"
                ? StubServer.answer(422, #"{"detail":[{"msg":"no"}]}"#) : nil
        }
        let summary = folder.importing(into: server)
        #expect(summary.weblog.created == 4 && summary.weblog.refused == 1 && summary.exitCode == 1)
        #expect(summary.weblog.reasons.first?.hasSuffix("trace.txt: no (status 422)") == true)
    }
}

private struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
