/// The cells of a row of a trace file.
///
/// Nextflow writes texts as they are: a tag or a script may hold line feeds and separators. Their cell follows from the
/// others: a cell of numbers, times or a hash holds nothing else. Quoted texts, as spreadsheets write them, are read,
/// too.
enum TraceCells {
    /// The result of cutting a row.
    enum Shape {
        case whole([String])
        /// There are this many cells: too few, too many, or with values that do not fit the columns.
        case other(Int)
    }

    /// Cuts a row into the cells of its columns. `isOneLine`: whether it had no line feed.
    static func shape(_ row: [UInt8], _ columns: TraceColumns, isOneLine: Bool) -> Shape {
        let parts = split(row[...], columns.separator)
        let wanted = columns.names.count
        if parts.count == wanted, isOneLine || conforms(parts, columns) { return .whole(parts) }
        guard parts.count > wanted else { return .other(parts.count) }
        // A cell never begins with a blank, and what follows a comma in a text mostly does.
        for parts in [joiningBlanks(parts, columns.separator), parts] where parts.count >= wanted {
            if parts.count == wanted, conforms(parts, columns) { return .whole(parts) }
            if let cells = joiningOne(parts, columns) { return .whole(cells) }
        }
        return .other(parts.count)
    }

    /// The cells between separators. Quotes around a whole cell are removed.
    static func split(_ row: ArraySlice<UInt8>, _ separator: UInt8) -> [String] {
        var cells: [String] = []
        var rest = row
        while true {
            if rest.first == 0x22, let (text, end) = quoted(rest, separator) {
                cells.append(text)
                guard end < rest.endIndex else { return cells }
                rest = rest[(end + 1)...]
            } else {
                let end = rest.firstIndex(of: separator)
                cells.append(String(decoding: rest[..<(end ?? rest.endIndex)], as: UTF8.self))
                guard let end else { return cells }
                rest = rest[(end + 1)...]
            }
        }
    }

    /// A quoted text, in which a quote is doubled, and its end; nil if it is none.
    private static func quoted(_ bytes: ArraySlice<UInt8>, _ separator: UInt8) -> (String, Int)? {
        var text: [UInt8] = []
        var index = bytes.startIndex + 1
        while index < bytes.endIndex {
            let byte = bytes[index]
            let next = index + 1 < bytes.endIndex ? bytes[index + 1] : nil
            if byte == 0x22 {
                if next == nil || next == separator {
                    return (String(decoding: text, as: UTF8.self), index + 1)
                }
                guard next == 0x22 else { return nil }
                index += 1
            }
            text.append(byte)
            index += 1
        }
        return nil
    }

    private static func joiningBlanks(_ parts: [String], _ separator: UInt8) -> [String] {
        guard separator != 0x09 else { return parts }
        return parts.reduce(into: []) { cells, part in
            if part.hasPrefix(" "), let last = cells.popLast() {
                cells.append(last + String(UnicodeScalar(separator)) + part)
            } else {
                cells.append(part)
            }
        }
    }

    /// Gives all surplus cells to the one column that may contain separators.
    private static func joiningOne(_ parts: [String], _ columns: TraceColumns) -> [String]? {
        let extra = parts.count - columns.names.count
        let free = columns.names.indices.filter { TraceColumns.mayHaveLineFeeds(columns.names[$0]) }
        let likeliest = free.sorted { rank(columns.names[$0]) < rank(columns.names[$1]) }
        for index in likeliest {
            let joined = parts[index...(index + extra)].joined(
                separator: String(UnicodeScalar(columns.separator))
            )
            let cells = Array(parts[..<index]) + [joined] + Array(parts[(index + extra + 1)...])
            if conforms(cells, columns) { return cells }
        }
        return nil
    }

    private static func rank(_ name: String) -> Int { TraceColumns.free.firstIndex(of: name) ?? .max }

    // MARK: - Where a row begins

    /// Whether a line begins a row: the task's number and its hash are in their columns.
    static func beginsRow(_ line: [UInt8], _ columns: TraceColumns) -> Bool {
        guard let place = columns.taskID else { return false }
        let cells = split(line[...], columns.separator)
        guard cells.count > place, Int64(cells[place].trimmingBlanks) != nil else { return false }
        if cells.count == columns.names.count { return true }
        if let hash = columns.hash { return cells.count > hash && isHash(cells[hash]) }
        let known = Array(zip(columns.names, cells)).prefix(columns.firstFree)
        return known.count > 1 && known.allSatisfy { fits($0.1, $0.0) }
    }

    /// Whether the number's column comes after a text with line feeds.
    static func mayBeginRow(_ line: [UInt8], _ columns: TraceColumns) -> Bool {
        if beginsRow(line, columns) { return true }
        guard let place = columns.taskID else { return false }
        if place > columns.firstFree { return true }
        let cells = split(line[...], columns.separator)
        return cells.count > place && Int64(cells[place].trimmingBlanks) != nil
    }

    // MARK: - What fits a column

    private static func conforms(_ cells: [String], _ columns: TraceColumns) -> Bool {
        zip(columns.names, cells).allSatisfy { fits($0.1, $0.0) }
    }

    private static func fits(_ cell: String, _ name: String) -> Bool {
        let text = cell.trimmingBlanks
        if name == "task_id" { return Int64(text) != nil }
        if TraceValue.isMissing(text) { return true }
        switch name {
        case "hash": return isHash(text)
        case "status": return TraceStatus(text) != nil
        default: return TraceColumns.kind(of: name).map { TraceValue.isReadable(text, $0) } ?? true
        }
    }

    /// `ab/cdef12`, of any length.
    private static func isHash(_ cell: String) -> Bool {
        let text = cell.trimmingBlanks
        if TraceValue.isMissing(text) { return true }
        let isHex = { (byte: UInt8) in (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) }
        let bytes = Array(text.utf8)
        return bytes.count > 3 && bytes[2] == 0x2F && bytes[..<2].allSatisfy(isHex)
            && bytes[3...].allSatisfy(isHex)
    }
}

/// The states of a task that Nextflow writes. Contract nextflow §4.4.
enum TraceStatus: String {
    case new = "NEW"
    case pending = "PENDING"
    case submitted = "SUBMITTED"
    case running = "RUNNING"
    case cached = "CACHED"
    case completed = "COMPLETED"
    case failed = "FAILED"
    case aborted = "ABORTED"

    init?(_ text: String) { self.init(rawValue: text) }

    /// Whether the task was still waiting or running when the row was written.
    var isOpen: Bool { self == .new || self == .pending || self == .submitted || self == .running }
}

extension TraceValue {
    /// Whether a cell that is not missing is a value of its kind.
    static func isReadable(_ text: String, _ kind: TraceColumns.Kind) -> Bool {
        switch kind {
        case .text, .textOrNumber: true
        case .exit: Int64(text) != nil
        case .number: decimal(text) != nil
        case .bytes: bytes(text) != nil
        case .duration: milliseconds(text) != nil
        case .time: time(text, offsetSeconds: 0) != nil
        case .percent: percent(text) != nil
        }
    }
}
