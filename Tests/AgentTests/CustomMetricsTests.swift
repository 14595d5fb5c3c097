import Core
import Foundation
import Synchronization
import Testing

@testable import Agent

@Suite struct `Custom metrics` {
    private let now = Timestamp(microseconds: 5_000_000)

    @Test func `come by lines, with types and help that came before`() {
        let custom = CustomMetrics()
        let lines = [
            "# HELP jobs_total Jobs done", "# TYPE jobs_total counter", #"jobs_total{queue="a"} 3"#,
            "# a comment", "",
            "# TYPE wait histogram", #"wait_bucket{le="+Inf"} 2 1500"#, "load 0.5",
        ]
        for line in lines { #expect(custom.take(Array("\(line)\n".utf8), at: now) == nil) }
        let (metrics, dropped) = custom.collect()
        #expect(dropped == 0)
        #expect(
            metrics == [
                AgentMetric(
                    name: "jobs_total",
                    type: .counter,
                    value: 3,
                    help: "Jobs done",
                    labels: [PrometheusLabel("queue", "a")],
                    time: now
                ),
                AgentMetric(
                    name: "wait_bucket",
                    type: .histogram,
                    value: 2,
                    labels: [PrometheusLabel("le", "+Inf")],
                    time: Timestamp(microseconds: 1_500_000)
                ),
                AgentMetric(name: "load", type: .untyped, value: 0.5, time: now),
            ]
        )
        #expect(custom.collect().metrics.isEmpty)
    }

    @Test func `that are wrong are refused with the reason`() {
        let custom = CustomMetrics()
        #expect(custom.take(Array("a one\n".utf8), at: now) == "column 6: the value is not a number")
        #expect(custom.collect().metrics.isEmpty)
    }

    @Test func `are bounded between two reports`() {
        let custom = CustomMetrics()
        let line = Array("a 1\n".utf8)
        for _ in 0..<50_000 { _ = custom.take(line, at: now) }
        let refusal = custom.take(line, at: now)
        #expect(refusal == "too many metrics wait for the next report; this one is dropped")
        let (metrics, dropped) = custom.collect()
        #expect(metrics.count == 50_000)
        #expect(dropped == 1)
    }

    @Test func `lines are cut from pieces of any length, and have a limit`() {
        var splitter = LineSplitter()
        var lines: [String?] = []
        func add(_ line: [UInt8]?) { lines.append(line.map { String(decoding: $0, as: UTF8.self) }) }
        for piece in ["a", " 1\nb 2\n", "c", String(repeating: "c", count: 70_000), "c\nd 3"] {
            splitter.take(Array(piece.utf8)[...], add)
        }
        splitter.finish(add)
        #expect(lines == ["a 1\n", "b 2\n", nil, "d 3\n"])
    }
}

@Suite struct `Files of the textfile convention` {
    private let said = Lines()

    private func measure(_ folder: Folder) -> [AgentMetric] {
        TextfileDirectory(directory: folder.path, log: AgentLog(url: "http://x") { [said] in said.add($0) })
            .measure(at: .epoch)
    }

    @Test func `are reported, with the time of their last change`() throws {
        let folder = try Folder([
            "b.prom": "# TYPE b counter\nb 2\n", "a.prom": "a{x=\"1\"} 1\n", "c.prom.part": "c 3\n",
            "d.txt": "d 4\n",
        ])
        let past = Date(timeIntervalSince1970: 1_700_000_000)
        for name in ["a.prom", "b.prom"] {
            try FileManager.default.setAttributes(
                [.modificationDate: past],
                ofItemAtPath: "\(folder.path)/\(name)"
            )
        }
        let metrics = measure(folder)
        #expect(
            metrics.map(\.name) == [
                "a", "noetl_textfile_mtime_seconds", "b", "noetl_textfile_mtime_seconds",
                "noetl_textfile_scrape_error",
            ]
        )
        #expect(metrics.map(\.value) == [1, 1_700_000_000, 2, 1_700_000_000, 0])
        #expect(metrics[2].type == .counter)
        #expect(metrics[3].labels == [PrometheusLabel("file", "b.prom")])
    }

    @Test func `that are wrong are named once, and spoil nothing`() throws {
        let folder = try Folder(["a.prom": "a 1\na one\n", "b.prom": "b 1\n", "c.prom": "c 1 1500\n"])
        try FileManager.default.createDirectory(
            atPath: folder.path + "/d.prom",
            withIntermediateDirectories: true
        )
        let log = AgentLog(url: "http://x") { [said] in said.add($0) }
        let directory = TextfileDirectory(directory: folder.path, log: log)
        let expected = ["b", "noetl_textfile_mtime_seconds", "noetl_textfile_scrape_error"]
        #expect(directory.measure(at: .epoch).map(\.name) == expected)
        let metrics = directory.measure(at: .epoch)
        #expect(metrics.last?.value == 1)
        #expect(
            said.all == [
                "\(folder.path)/a.prom is not reported: line 2, column 6: the value is not a number",
                "\(folder.path)/c.prom is not reported: it has timestamps, which files of this directory may not have",
                "\(folder.path)/d.prom is not reported: it is not a file",
            ]
        )
        try folder.write("a.prom", "a 1\n")
        #expect(directory.measure(at: .epoch).first?.name == "a")
        #expect(said.all.last == "\(folder.path)/a.prom is right again")
    }
}

/// What an agent said.
final class Lines: Sendable {
    // Guards the lines.
    private let lines = Mutex<[String]>([])

    func add(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
}
