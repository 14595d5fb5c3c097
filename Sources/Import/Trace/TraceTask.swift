internal import Core

/// One task of a trace file.
struct TraceTask {
    private let cells: [String: String]
    private let offsetSeconds: Int
    /// The first line of its row, from 1.
    let line: Int
    let id: Int64

    /// Takes the cells of a row; nil for one without a number of the task.
    init?(_ cells: [String], _ columns: TraceColumns, offsetSeconds: Int, line: Int) {
        guard let id = columns.taskID.flatMap({ Int64(cells[$0].trimmingBlanks) }) else { return nil }
        self.id = id
        self.line = line
        self.offsetSeconds = offsetSeconds
        self.cells = Dictionary(
            zip(columns.names, cells).map { name, cell in
                (name, name == "script" || name == "env" ? cell : cell.trimmingBlanks)
            }
        ) { first, _ in first }
    }

    /// A cell; nil where the column is missing or empty.
    subscript(name: String) -> String? {
        cells[name].flatMap { TraceValue.isMissing($0) ? nil : $0 }
    }

    /// All names of the file's columns, in no order.
    var columns: Dictionary<String, String>.Keys { cells.keys }

    /// The server's key of it: task id and hash, or everything if there is no hash.
    var identity: [String] {
        if let hash = self["hash"] { return ["\(id)", hash] }
        return ["\(id)", ""]
            + ["attempt", "status", "exit", "submit", "start", "complete", "duration"].map { self[$0] ?? "" }
    }

    // MARK: - Times

    /// A time between 1970 and the year 9999; 0 is never.
    func time(_ name: String) -> Int64? {
        self[name].flatMap { TraceValue.time($0, offsetSeconds: offsetSeconds) }.flatMap(Self.within)
    }

    /// Milliseconds since 1970 when it was submitted.
    var submit: Int64? { time("submit") }

    /// When it ended; without the column, its submission plus its duration.
    var complete: Int64? {
        if let complete = time("complete") { return complete }
        guard let submit, let duration = self["duration"].flatMap(TraceValue.milliseconds) else { return nil }
        let (end, isBeyond) = submit.addingReportingOverflow(duration)
        return isBeyond ? nil : Self.within(end)
    }

    private static func within(_ milliseconds: Int64) -> Int64? {
        (1..<253_402_300_800_000).contains(milliseconds) ? milliseconds : nil
    }

    /// Its first and its last known time.
    var first: Int64? { [submit, time("start"), complete].compactMap(\.self).min() }
    var last: Int64? { [complete, time("start"), submit].compactMap(\.self).max() }

    // MARK: - State and name

    /// Its state; nil for a word that Nextflow does not have. A file without the column has ended tasks only.
    var status: TraceStatus? {
        guard let text = cells["status"] else { return .completed }
        return TraceStatus(text)
    }

    /// The process: its own column, or the task's name without the tag.
    var process: String? { self["process"] ?? self["name"].map { Self.parts(of: $0).process } }

    /// The tag: its own column, or the rest of the task's name, unless that is only an index.
    var tag: String? {
        self["tag"] ?? self["name"].flatMap { Self.parts(of: $0).tag }.flatMap { Int64($0) == nil ? $0 : nil }
    }

    /// `PROCESS (tag)`; a tag may contain parentheses.
    private static func parts(of name: String) -> (process: String, tag: String?) {
        guard name.hasSuffix(")"), let open = name.firstRange(of: " (") else { return (name, nil) }
        return (String(name[..<open.lowerBound]), String(name[open.upperBound...].dropLast()))
    }

    // MARK: - Faults

    /// The cells whose values do not fit their columns.
    var faults: [ImportFault] {
        cells.sorted { $0.key < $1.key }.compactMap { name, text in
            guard !TraceValue.isMissing(text), name != "task_id", !isReadable(text, name) else { return nil }
            return ImportFault(
                .value,
                "line \(line) has \(text.quoted) for \(name), which is \(Self.words(name))"
            )
        }
    }

    private func isReadable(_ text: String, _ name: String) -> Bool {
        if name == "status" { return TraceStatus(text) != nil }
        guard let kind = TraceColumns.kind(of: name) else { return true }
        guard TraceValue.isReadable(text, kind) else { return false }
        // 0 means never.
        return kind != .time || time(name) != nil
            || TraceValue.time(text, offsetSeconds: offsetSeconds) == 0
    }

    private static func words(_ name: String) -> String {
        switch TraceColumns.kind(of: name) {
        case .bytes: "no size"
        case .duration: "no duration"
        case .time: "no time"
        case .percent, .number, .exit: "no number"
        default: "no status of Nextflow"
        }
    }
}
