/// A trace file, read twice: once for what its tasks together tell of their run, and once for the tasks.
struct TraceFile {
    /// Where weblog events go.
    static let route = "/telemetry"

    let events: TraceEvents
    private let path: String
    private let offsetSeconds: Int

    /// Reads the whole file once.
    ///
    /// - Throws: `ImportFailure` for a file that cannot become events.
    init(path: String, _ options: ImportOptions) throws(ImportFailure) {
        self.path = path
        offsetSeconds = options.traceOffsetSeconds
        let lines = try LineReader(path: path)
        let (columns, header) = try Self.header(lines)
        var outline = TraceOutline()
        var firstTask: [UInt8] = []
        while let line = try lines.next() {
            guard case .text(let bytes) = line,
                let task = TraceTask(bytes, columns, offsetSeconds: offsetSeconds)
            else {
                if line != .text([]) { outline.addBroken() }
                continue
            }
            if outline.tasks == 0 { firstTask = bytes }
            outline.add(task)
        }
        guard outline.tasks > 0 else { throw ImportFailure("has no tasks") }
        guard outline.hasTimes else {
            throw ImportFailure(
                "has none of the columns submit, start and complete: nobody knows when it was"
            )
        }
        events = TraceEvents(
            runID: options.runID ?? TraceEvents.runID(header: header, firstTask: firstTask),
            runName: options.runName ?? Self.name(of: path),
            outline: outline
        )
    }

    /// Hands out the bodies of all events in their order. A task that was added meanwhile is left for the next time.
    func send(
        _ post: ([UInt8]) throws -> Void,
        progress: (Int64, Int64) -> Void
    ) throws {
        let lines = try LineReader(path: path)
        let (columns, _) = try Self.header(lines)
        try post(events.started)
        var tasks = 0
        while tasks < events.outline.tasks, let line = try lines.next() {
            guard case .text(let bytes) = line,
                let task = TraceTask(bytes, columns, offsetSeconds: offsetSeconds)
            else { continue }
            tasks += 1
            if task.status != "CACHED" { try post(events.completed(task)) }
            progress(lines.progress.done, lines.progress.total)
        }
        try post(events.completed)
    }

    private static func header(_ lines: LineReader) throws(ImportFailure) -> (TraceColumns, [UInt8]) {
        while let line = try lines.next() {
            guard case .text(let bytes) = line else { break }
            if bytes.isEmpty { continue }
            guard let columns = TraceColumns(bytes) else { break }
            guard columns.names.contains("task_id") else {
                throw ImportFailure("has no column task_id: its tasks cannot be told apart")
            }
            return (columns, bytes)
        }
        throw ImportFailure("does not begin with the header of a trace file")
    }

    /// The file's name without what stands behind the last dot; `trace.txt` tells nothing but is better than nothing.
    private static func name(of path: String) -> String {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        let plain = file.hasSuffix(".gz") ? String(file.dropLast(3)) : file
        guard let dot = plain.lastIndex(of: "."), dot > plain.startIndex else { return plain }
        return String(plain[..<dot])
    }
}
