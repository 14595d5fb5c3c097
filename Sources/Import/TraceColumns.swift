internal import Core

/// The columns of a trace file, which people choose. Contract nextflow §4.4.
struct TraceColumns {
    /// How a column is read.
    enum Kind {
        case text
        /// A number where it is one, a text otherwise: `native_id`.
        case textOrNumber
        case number
        case bytes
        case duration
        case time
        case percent
        case exit
    }

    let names: [String]

    /// Reads a header line; nil for any other line.
    init?(_ line: [UInt8]) {
        guard Self.isHeader(line) else { return nil }
        names = Self.cells(line)
    }

    /// Whether a line is the header of a trace file: names of trace fields between tabs.
    static func isHeader(_ line: [UInt8]) -> Bool {
        guard line.count < 4096, line.contains(0x09) else { return false }
        let cells = cells(line)
        return cells.count { kinds[$0] != nil } >= 2 && cells.count { kinds[$0] != nil } * 2 > cells.count
    }

    /// The cells of a line.
    static func cells(_ line: [UInt8]) -> [String] {
        line.split(separator: 0x09, omittingEmptySubsequences: false).map { cell in
            String(decoding: cell, as: UTF8.self).trimmingBlanks
        }
    }

    static let kinds: [String: Kind] = [
        "task_id": .number, "hash": .text, "native_id": .textOrNumber, "process": .text, "tag": .text,
        "name": .text, "status": .text, "exit": .exit, "module": .text, "container": .text, "cpus": .number,
        "time": .duration, "disk": .bytes, "memory": .bytes, "attempt": .number, "submit": .time,
        "start": .time, "complete": .time, "duration": .duration, "realtime": .duration, "%cpu": .percent,
        "%mem": .percent, "rss": .bytes, "vmem": .bytes, "peak_rss": .bytes, "peak_vmem": .bytes,
        "rchar": .bytes, "wchar": .bytes, "syscr": .number, "syscw": .number, "read_bytes": .bytes,
        "write_bytes": .bytes, "vol_ctxt": .number, "inv_ctxt": .number, "env": .text, "workdir": .text,
        "script": .text, "scratch": .text, "queue": .text, "hostname": .text, "cpu_model": .text,
        "error_action": .text, "accelerator": .number, "accelerator_type": .text,
    ]
}

extension String {
    var trimmingBlanks: String {
        let isBlank = { (byte: UInt8) in byte == 0x20 }
        let front = utf8.drop(while: isBlank)
        guard let last = front.lastIndex(where: { !isBlank($0) }) else { return "" }
        return String(self[front.startIndex...last])
    }
}

/// One task of a trace file.
struct TraceTask {
    private let cells: [String: String]
    private let offsetSeconds: Int

    /// Reads a line; nil for one with another number of cells, or without a number of the task.
    init?(_ line: [UInt8], _ columns: TraceColumns, offsetSeconds: Int) {
        let cells = TraceColumns.cells(line)
        guard cells.count == columns.names.count else { return nil }
        self.cells = Dictionary(zip(columns.names, cells)) { _, last in last }
        self.offsetSeconds = offsetSeconds
        guard self["task_id"].flatMap({ Int64($0) }) != nil else { return nil }
    }

    /// A cell; nil where the column is missing or empty.
    subscript(name: String) -> String? {
        cells[name].flatMap { TraceValue.isMissing($0) ? nil : $0 }
    }

    /// A time between 1970 and the year 9999; 0 is never.
    func time(_ name: String) -> Int64? {
        self[name].flatMap { TraceValue.time($0, offsetSeconds: offsetSeconds) }.flatMap(Self.within)
    }

    /// Milliseconds since 1970 when it was handed to the executor.
    var submit: Int64? { time("submit") }

    /// When it ended; without the column, from the time it took since it was submitted.
    var complete: Int64? {
        if let complete = time("complete") { return complete }
        guard let submit, let duration = self["duration"].flatMap(TraceValue.milliseconds) else { return nil }
        let (end, isBeyond) = submit.addingReportingOverflow(duration)
        return isBeyond ? nil : Self.within(end)
    }

    private static func within(_ milliseconds: Int64) -> Int64? {
        (1..<253_402_300_800_000).contains(milliseconds) ? milliseconds : nil
    }

    /// The first and the last time that is known of it.
    var first: Int64? { [submit, time("start"), complete].compactMap(\.self).min() }
    var last: Int64? { [complete, time("start"), submit].compactMap(\.self).max() }

    var status: String { self["status"] ?? "COMPLETED" }

    /// The process: its own column, or the task's name without the tag behind it.
    var process: String? { self["process"] ?? self["name"].map { Self.parts(of: $0).process } }

    /// The tag: its own column, or what stands behind the process, unless that is a mere index.
    var tag: String? {
        self["tag"] ?? self["name"].flatMap { Self.parts(of: $0).tag }.flatMap { Int64($0) == nil ? $0 : nil }
    }

    /// `PROCESS (tag)`; a tag may have parentheses of its own.
    private static func parts(of name: String) -> (process: String, tag: String?) {
        guard name.hasSuffix(")"), let open = name.firstRange(of: " (") else { return (name, nil) }
        return (String(name[..<open.lowerBound]), String(name[open.upperBound...].dropLast()))
    }

    /// All names of the file's columns, in no order.
    var columns: Dictionary<String, String>.Keys { cells.keys }
}
