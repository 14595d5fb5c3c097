import Core
import Testing

@testable import Import

/// What Nextflow and those who edit its files write.
@Suite struct `Rows of a trace file` {
    private struct Seen {
        let tasks: [[String]]
        let faults: [String]
        let summary: ImportSummary
        let bodies: [JSONNode]
    }

    /// Task, status, exit and name of each event of a task; faults without the path.
    private func read(_ bytes: [UInt8], _ change: (inout ImportOptions) -> Void = { _ in }) throws -> Seen {
        let folder = try Folder()
        let path = try folder.write("trace.txt", bytes)
        let server = StubServer()
        let summary = folder.importing(path, into: server, change)
        let bodies = try server.requests.map { try $0.root }
        let tasks = bodies.compactMap { $0["trace"] }.map { trace in
            ["task_id", "status", "exit", "name"].map { name in
                trace[name]?.string ?? trace[name]?.numberText ?? ""
            }
        }
        return Seen(
            tasks: tasks,
            faults: summary.faults.shown.map { String($0.dropFirst(path.count + 1)) },
            summary: summary,
            bodies: bodies
        )
    }

    private func read(_ text: String, _ change: (inout ImportOptions) -> Void = { _ in }) throws -> Seen {
        try read(Array(text.utf8), change)
    }

    private static let time = "2026-01-01 00:00:00.000"

    struct Table: Sendable {
        let what: String
        let text: String
        /// Task, status, exit, name.
        let tasks: [[String]]
        var faults: [String] = []
    }

    static let tables = [
        Table(
            what: "a line feed in a tag, in the middle",
            text: "task_id\thash\tname\tstatus\texit\tsubmit\n1\tab/01\tP (a\n)\tFAILED\t2\t\(time)\n"
                + "2\tab/02\tP (b)\tCOMPLETED\t0\t\(time)\n",
            tasks: [["1", "FAILED", "2", "P (a\n)"], ["2", "COMPLETED", "0", "P (b)"]]
        ),
        Table(
            what: "a script in the middle, with tabs, blank lines and a line like a row's end",
            text: "task_id\thash\tscript\tname\tstatus\texit\tsubmit\n"
                + "1\tab/01\t\n  a\tb\n\n  1\t2\n  \tP (1)\tCOMPLETED\t0\t\(time)\n"
                + "2\tab/02\tone line\tP (2)\tFAILED\t1\t\(time)\n",
            tasks: [["1", "COMPLETED", "0", "P (1)"], ["2", "FAILED", "1", "P (2)"]]
        ),
        Table(
            what: "a script as the last column, without a line feed at the end of the file",
            text:
                "task_id\thash\tname\tstatus\texit\tsubmit\tscript\n1\tab/01\tP\tCOMPLETED\t0\t\(time)\t\n  a\tb\n\n  c\n"
                + "2\tab/02\tQ\tFAILED\t1\t\(time)\t\n  d",
            tasks: [["1", "COMPLETED", "0", "P"], ["2", "FAILED", "1", "Q"]]
        ),
        Table(
            what: "env and script before the task's number",
            text: "script\tenv\ttask_id\thash\tname\tstatus\texit\tsubmit\n"
                + "\n  x\n\tA=1\nB=2\n\t1\tab/01\tP\tCOMPLETED\t0\t\(time)\n"
                + "y\tC=3\n\t2\tab/02\tQ\tFAILED\t1\t\(time)\n",
            tasks: [["1", "COMPLETED", "0", "P"], ["2", "FAILED", "1", "Q"]]
        ),
        Table(
            what: "a row that is short takes no other with it",
            text:
                "task_id\thash\tname\tstatus\texit\tsubmit\n1\tab/01\tP\tFAILED\t1\n2\tab/02\tQ\tCOMPLETED\t0\t\(time)\n"
                + "3\tab/03\tR\tCOMPLETED\t0\t\(time)\tmore\nx\tab/04\tS\tCOMPLETED\t0\t\(time)\n\u{0}\u{0}\n5\tab/05\tT\tCOMP",
            tasks: [["2", "COMPLETED", "0", "Q"]],
            faults: [
                "line 2 has 5 columns, the header has 6", "line 4 has 7 columns, the header has 6",
                "line 5 has \"x\" for task_id, which is no number", "line 6 holds NUL bytes",
                "line 7 has 4 columns, the header has 6; the file ends in the middle of it",
            ]
        ),
        Table(
            what: "cells that hold no such value",
            text: "task_id\thash\tname\tstatus\texit\tsubmit\tduration\tpeak_rss\n"
                + "1\tab/01\tP\tDONE\tzero\t\(time)\t5 parsecs\tmuch\n",
            tasks: [["1", "DONE", "zero", "P"]],
            faults: [
                "line 2 has \"5 parsecs\" for duration, which is no duration",
                "line 2 has \"zero\" for exit, which is no number",
                "line 2 has \"much\" for peak_rss, which is no size",
                "line 2 has \"DONE\" for status, which is no status of Nextflow",
            ]
        ),
        Table(
            what: "commas, also in names and between quotes, and decimal commas",
            text: "task_id,hash,name,status,exit,submit,%cpu\n1,ab/01,P (a, b),COMPLETED,0,\(time),99.5%\n"
                + "2,ab/02,P (a,b),FAILED,1,\(time),-\n3,ab/03,\"P (a,b,\"\"c\"\")\",COMPLETED,0,\(time),\"99,5%\"\n",
            tasks: [
                ["1", "COMPLETED", "0", "P (a, b)"], ["2", "FAILED", "1", "P (a,b)"],
                ["3", "COMPLETED", "0", "P (a,b,\"c\")"],
            ]
        ),
        Table(
            what: "semicolons, with CRLF and a byte order mark",
            text: "\u{FEFF}task_id;hash;name;status;exit;submit\r\n1;ab/01;P (a, b);COMPLETED;0;\(time)\r\n",
            tasks: [["1", "COMPLETED", "0", "P (a, b)"]]
        ),
        Table(
            what: "pipes",
            text: "task_id|hash|name|status|exit|submit\n1|ab/01|P|COMPLETED|0|\(time)\n",
            tasks: [["1", "COMPLETED", "0", "P"]]
        ),
        Table(
            what: "a file that was appended, with other columns and a row again",
            text: "task_id\thash\tname\tstatus\texit\tsubmit\n1\tab/01\tP\tCOMPLETED\t0\t\(time)\n"
                + "task_id\thash\tstatus\tname\texit\tsubmit\n1\tab/01\tCOMPLETED\tP\t0\t\(time)\n"
                + "1\tab/09\tFAILED\tQ\t1\t\(time)\n",
            tasks: [["1", "COMPLETED", "0", "P"], ["1", "FAILED", "1", "Q"]]
        ),
    ]

    @Test(arguments: 0..<tables.count) func `are read whatever stands in them`(index: Int) throws {
        let table = Self.tables[index]
        let seen = try read(table.text)
        #expect(seen.tasks == table.tasks, "\(table.what)")
        #expect(seen.faults == table.faults, "\(table.what)")
        #expect(seen.summary.exitCode == (table.faults.isEmpty ? 0 : 1), "\(table.what)")
        #expect(seen.summary.faults.total == table.faults.count, "\(table.what)")
    }

    @Test func `keep a script as it is`() throws {
        let seen = try read(
            "task_id\thash\tname\tstatus\tscript\tsubmit\n1\tab/01\tP\tCOMPLETED\t\n  a\tb\n  \t\(Self.time)\n"
        )
        #expect(seen.bodies[1]["trace"]?["script"]?.string == "\n  a\tb\n  ")
    }

    @Test func `that had not ended are no completions`() throws {
        let rows = [
            "COMPLETED\t0", "RUNNING\t-", "SUBMITTED\t-", "NEW\t-", "PENDING\t-", "RUNNING\t-",
            "COMPLETED\t0",
        ]
        let lines = rows.enumerated().map { index, row in
            // The last two are one task, which went on.
            "\(min(index, 5))\tab/0\(min(index, 5))\tP\t\(row)\t\(Self.time)\n"
        }
        let seen = try read("task_id\thash\tname\tstatus\texit\tsubmit\n" + lines.joined())
        #expect(
            seen.bodies.map { $0["event"]?.string } == [
                "started", "process_completed", "process_started", "process_submitted", "process_submitted",
                "process_submitted", "process_started", "process_completed", "completed",
            ]
        )
        #expect(seen.summary.unfinishedTasks == 4 && seen.summary.tasks == 6 && seen.summary.exitCode == 0)
        let workflow = seen.bodies.last?["metadata"]?["workflow"]
        #expect(workflow?["success"]?.bool == false)
        #expect(
            workflow?["stats"].map { String(decoding: $0.rawBytes, as: UTF8.self) }
                == #"{"succeededCount":2,"failedCount":0,"abortedCount":0,"cachedCount":0,"retriesCount":0,"#
                + #""ignoredCount":0,"pendingCount":2,"submittedCount":1,"runningCount":1}"#
        )
    }

    private static let umlauts =
        "task_id\thash\tname\tstatus\texit\tsubmit\n1\tab/01\tP (Größe €)\tCOMPLETED\t0\t\(time)\n"

    @Test(arguments: [false, true], [false, true]) func `in UTF-16 are recoded`(
        isBigEndian: Bool,
        hasMark: Bool
    ) throws {
        let units = (hasMark ? [0xFEFF] : []) + Array(Self.umlauts.utf16)
        let bytes = units.flatMap { unit in
            isBigEndian ? [UInt8(unit >> 8), UInt8(unit & 255)] : [UInt8(unit & 255), UInt8(unit >> 8)]
        }
        let seen = try read(bytes)
        #expect(seen.tasks == [["1", "COMPLETED", "0", "P (Größe €)"]])
        let name = isBigEndian ? "big" : "little"
        #expect(seen.summary.lines.last?.hasSuffix("is UTF-16 (\(name)-endian)") == true)
    }

    @Test func `in Latin-1 are recoded, and the summary says so`() throws {
        let bytes = Self.umlauts.unicodeScalars.map { $0 == "€" ? 0x80 : UInt8($0.value) }
        let seen = try read(bytes)
        #expect(seen.tasks == [["1", "COMPLETED", "0", "P (Größe €)"]] && seen.summary.exitCode == 0)
        #expect(
            seen.summary.lines.last?.hasSuffix("has 1 line that is no UTF-8: read as Latin-1 (Windows-1252)")
                == true
        )
    }

    @Test func `are separated by what the user says`() throws {
        let text = "task_id~hash~name~status~exit~submit\n1~ab/01~P~COMPLETED~0~\(Self.time)\n"
        #expect(try read(text).summary.failedFiles.first?.hasSuffix("name it with --separator") == true)
        #expect(
            try read(text) { $0.separator = TraceSeparator.byte("~") }.tasks == [
                ["1", "COMPLETED", "0", "P"]
            ]
        )
    }

    @Test(
        arguments: [
            ("tab", 0x09), ("comma", 0x2C), ("semicolon", 0x3B), ("pipe", 0x7C), ("~", 0x7E), (";", 0x3B),
            ("a", nil),
            ("1", nil), ("-", nil), (":", nil), ("", nil), ("ü", nil), ("ab", nil),
        ] as [(String, UInt8?)]
    )
    func `have separators with names`(text: String, byte: UInt8?) {
        #expect(TraceSeparator.byte(text) == byte)
    }
}

@Suite struct `Files given by mistake` {
    @Test(arguments: [
        (
            "<!DOCTYPE html>\n<html><title>[x] Nextflow Workflow Report</title>",
            "is Nextflow's execution report, a web page"
        ),
        ("\n<html><h3>Processes execution timeline</h3>", "is Nextflow's timeline, a web page"),
        ("digraph \"dag\" {\n", "is a graph of a workflow"),
        (
            "Nov-28 02:28:33.141 [main] DEBUG nextflow.cli.Launcher - $> nextflow run\n",
            "is Nextflow's own log"
        ),
        ("PK\u{3}\u{4}xyz", "is a spreadsheet or a ZIP archive"),
        ("[\n{\"event_id\": 1}\n]", "is one JSON array"),
        ("id,event_id,run_id,agent_name\n1,a,b,c\n", "is a table of tracked runs (CSV)"),
    ])
    func `are named`(text: String, words: String) throws {
        let folder = try Folder()
        let path = try folder.write("x", text)
        let summary = folder.importing(path, into: StubServer())
        #expect(summary.exitCode == 2)
        #expect(summary.failedFiles.first?.hasPrefix("\(path) \(words)") == true, "\(summary.failedFiles)")
    }

    @Test func `are named when a format was asked for, too`() throws {
        let folder = try Folder()
        let database = try WritableDatabase(folder.file("a.sqlite")).run(
            "CREATE TABLE one (a); CREATE TABLE two (a)"
        )
        let path = folder.file("a.sqlite")
        let asked = folder.importing(path, into: StubServer()) { $0.format = .ndjson }
        #expect(
            asked.failedFiles == ["\(path) is a SQLite database: leave out --format"] && asked.exitCode == 2
        )
        let unasked = folder.importing(path, into: StubServer())
        #expect(unasked.failedFiles.first?.hasSuffix("(its tables: one, two)") == true)
        withExtendedLifetime(database) {}
        let text = try folder.write("text", "words\n")
        let forced = folder.importing(text, into: StubServer()) { $0.format = .sqlite }
        #expect(forced.failedFiles == ["\(text) is no SQLite database"])
    }
}

@Suite struct `A summary` {
    @Test func `is one JSON object for scripts`() throws {
        let folder = try Folder()
        let path = try folder.write(
            "t",
            "task_id\thash\tname\tstatus\tsubmit\n1\tab/01\tP\tCOMPLETED\t2026-01-01 00:00:00\n2\tab/02\n"
        )
        let summary = folder.importing(path, into: StubServer())
        #expect(
            String(decoding: summary.json, as: UTF8.self) == """
                {"exit_code":1,"dry_run":false,"files":1,\
                "tracked_runs":{"records":0,"created":0,"there_already":0,"refused":0,"ends":0,"derived_ids":0,\
                "texts_kept":0,"numbers_altered":0,"event_records_skipped":0},\
                "workflow_runs":{"runs":1,"tasks":1,"cached":0,"unfinished":0,"repeated_rows":0,"events_sent":3,"refused":0},\
                "unreadable":{"total":1,"cells":1},\
                "unreadable_first":["\(path) line 3 has 2 columns, the header has 5"],\
                "refused_first":[],"not_read":[],"skipped":[],"assumed":[],"failure":null}
                """
        )
    }

    @Test func `has no control characters`() {
        var faults = ImportFaults()
        faults.add(ImportFault(.cells, "line 1 has \u{1B}[2J\u{9B}1m"), in: "a\nb")
        #expect(faults.shown == ["a b line 1 has  [2J 1m"])
    }
}
