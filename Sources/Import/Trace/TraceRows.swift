/// The rows of a trace file, in their order. Belongs to one thread.
///
/// A row continues over line feeds until it has as many cells as the header. It ends early before a line that begins
/// another row, so that a truncated row does not spoil the next one.
final class TraceRows {
    /// The next item.
    enum Item {
        /// A task, with the bytes of its row.
        case task(TraceTask, row: [UInt8])
        case fault(ImportFault)
    }

    private struct NumberedLine {
        let line: FileLineReader.Line
        let number: Int
    }

    private let lines: FileLineReader
    private let options: ImportOptions
    private var next: NumberedLine?
    private(set) var columns: TraceColumns
    /// The bytes of the header.
    let header: [UInt8]
    /// How often the header is repeated: where another file was appended.
    private(set) var repeatedHeaders = 0

    /// Opens a file and reads its header.
    ///
    /// - Throws: `ImportFailure` for a file without one.
    init(path: String, _ options: ImportOptions) throws(ImportFailure) {
        lines = try FileLineReader(path: path)
        self.options = options
        while let line = try lines.next() {
            guard case .text(let bytes) = line else { break }
            if bytes.isBlank { continue }
            guard let columns = TraceColumns(bytes, separator: options.separator) else { break }
            guard columns.taskID != nil else {
                throw ImportFailure("has no column task_id: its tasks cannot be told apart")
            }
            if let name = columns.repeatedName { throw ImportFailure("has the column \(name) twice") }
            (self.columns, header) = (columns, bytes)
            return
        }
        throw ImportFailure(
            "does not begin with the header of a trace file: names of its fields between tabs, commas, semicolons or "
                + "pipes; --separator names another character"
        )
    }

    /// How far the file is read, in its own bytes, and how large it is.
    var progress: (done: Int64, total: Int64) { lines.progress }

    /// Assumptions: the rest of sentences that begin with the file's path.
    var assumptions: [String] {
        var assumptions = lines.assumptions
        if columns.separator != 0x09 {
            assumptions.append("has \(TraceSeparator.words(columns.separator)) between its cells")
        }
        if repeatedHeaders > 0 {
            let times = repeatedHeaders == 1 ? "once more" : "\(repeatedHeaders) times more"
            assumptions.append("has its header \(times): all its rows belong to one run")
        }
        return assumptions
    }

    /// The next row that is a task, or cannot be one; nil at the end.
    func nextItem() throws(ImportFailure) -> Item? {
        while let taken = try take() {
            guard case .text(let bytes) = taken.line else {
                return .fault(ImportFault(.tooLong, "line \(taken.number) is longer than 16 MiB"))
            }
            if bytes.isBlank || repeatsHeader(bytes) { continue }
            guard TraceCells.mayBeginRow(bytes, columns) else {
                return .fault(misfit(bytes, at: taken.number))
            }
            return try item(beginningWith: bytes, at: taken.number)
        }
        return nil
    }

    private func item(beginningWith line: [UInt8], at number: Int) throws(ImportFailure) -> Item {
        var row = line
        var separators = line.count { $0 == columns.separator }
        var (isOneLine, last) = (true, number)
        while try goesOn(row, separators, isOneLine: isOneLine) {
            guard let more = try take(), case .text(let bytes) = more.line else { break }
            row.append(0x0A)
            row += bytes
            separators += bytes.count { $0 == columns.separator }
            (isOneLine, last) = (false, more.number)
        }
        switch TraceCells.shape(row, columns, isOneLine: isOneLine) {
        case .whole(let cells):
            if let task = TraceTask(cells, columns, offsetSeconds: options.traceOffsetSeconds, line: number) {
                return .task(task, row: row)
            }
            let text = columns.taskID.map { cells[$0] } ?? ""
            return .fault(
                ImportFault(.taskNumber, "line \(number) has \(text.quoted) for task_id, which is no number")
            )
        case .other(let count):
            return .fault(
                misfit(count, lines: number...last, isCutShort: last == lines.number && lines.wasCutShort)
            )
        }
    }

    /// Whether the next line belongs to a row.
    private func goesOn(_ row: [UInt8], _ separators: Int, isOneLine: Bool) throws(ImportFailure) -> Bool {
        let names = columns.names
        if separators >= names.count - 1, !TraceColumns.mayHaveLineFeeds(names[names.count - 1]) {
            if separators == names.count - 1, isOneLine { return false }
            if case .whole = TraceCells.shape(row, columns, isOneLine: isOneLine) { return false }
            // Only a script has many separators before it ends; any other row is simply too long.
            guard names.contains(where: TraceColumns.mayBeScript) else { return false }
        }
        guard row.count < FileLineReader.longest, let next = try peek(), case .text(let bytes) = next.line
        else {
            return false
        }
        return !TraceCells.beginsRow(bytes, columns) && Self.header(bytes, columns.separator) == nil
    }

    private static func header(_ line: [UInt8], _ separator: UInt8) -> TraceColumns? {
        guard line.count < 4096, String(decoding: line, as: UTF8.self).contains("task_id"),
            let columns = TraceColumns(line, separator: separator), columns.taskID != nil,
            columns.repeatedName == nil
        else { return nil }
        return columns
    }

    private func repeatsHeader(_ line: [UInt8]) -> Bool {
        guard let again = Self.header(line, columns.separator) else { return false }
        columns = again
        repeatedHeaders += 1
        return true
    }

    // MARK: - Faults

    private func misfit(_ line: [UInt8], at number: Int) -> ImportFault {
        if line.contains(0) { return ImportFault(.cells, "line \(number) holds NUL bytes") }
        let cells = TraceCells.split(line[...], columns.separator)
        guard cells.count == columns.names.count, let place = columns.taskID else {
            return misfit(cells.count, lines: number...number, isCutShort: false)
        }
        return ImportFault(
            .taskNumber,
            "line \(number) has \(cells[place].quoted) for task_id, which is no number"
        )
    }

    private func misfit(_ count: Int, lines: ClosedRange<Int>, isCutShort: Bool) -> ImportFault {
        let (first, last, wanted) = (lines.lowerBound, lines.upperBound, columns.names.count)
        let place = first == last ? "line \(first) has" : "lines \(first) to \(last) have"
        let cells = count == 1 ? "1 column" : "\(count) columns"
        let end = isCutShort && count < wanted ? "; the file ends in the middle of it" : ""
        guard count != wanted else {
            return ImportFault(
                .cells,
                "\(place) \(wanted) columns, as the header, but their values do not fit\(end)"
            )
        }
        return ImportFault(.cells, "\(place) \(cells), the header has \(wanted)\(end)")
    }

    // MARK: - Lines

    private func take() throws(ImportFailure) -> NumberedLine? {
        if let next {
            self.next = nil
            return next
        }
        return try lines.next().map { NumberedLine(line: $0, number: lines.number) }
    }

    private func peek() throws(ImportFailure) -> NumberedLine? {
        if next == nil { next = try lines.next().map { NumberedLine(line: $0, number: lines.number) } }
        return next
    }
}

extension [UInt8] {
    /// Whether a line is blank.
    var isBlank: Bool { allSatisfy { $0 == 0x20 || $0 == 0x09 } }
}
