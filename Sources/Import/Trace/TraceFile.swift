/// A trace file, read twice: once for the facts about its run, and once for the tasks.
struct TraceFile {
    /// The receiver of weblog events.
    static let route = "/telemetry"

    let events: TraceEvents
    /// Assumptions: the rest of sentences that begin with the file's path.
    let assumptions: [String]
    private let path: String
    private let options: ImportOptions

    /// Reads the whole file once, and passes on its faults.
    ///
    /// - Throws: `ImportFailure` for a file that cannot become events.
    init(path: String, _ options: ImportOptions, fault: (ImportFault) -> Void) throws(ImportFailure) {
        self.path = path
        self.options = options
        let rows = try TraceRows(path: path, options)
        guard options.runID == nil || rows.columns.hash != nil else {
            throw ImportFailure(
                "has no column hash, by which Weir recognises tasks that the weblog sent: "
                    + "import it without --run-id, as a separate run"
            )
        }
        var outline = TraceOutline()
        var firstTask: [UInt8] = []
        while let item = try rows.nextItem() {
            switch item {
            case .fault(let found): fault(found)
            case .task(let task, let row):
                if outline.tasks == 0 { firstTask = row }
                for found in task.faults { fault(found) }
                outline.add(task)
            }
        }
        guard outline.tasks > 0 else { throw ImportFailure("has no tasks") }
        guard outline.hasTimes else {
            throw ImportFailure(
                "has no time in submit, start or complete: its run has no time"
            )
        }
        assumptions = rows.assumptions
        events = TraceEvents(
            runID: options.runID ?? TraceEvents.runID(header: rows.header, firstTask: firstTask),
            runName: options.runName ?? Self.name(of: path),
            outline: outline
        )
    }

    /// Passes on the bodies of all events in their order. A row that was added meanwhile is left for the next import.
    func send(
        _ post: ([UInt8]) throws -> Void,
        progress: (Int64, Int64) -> Void
    ) throws {
        let rows = try TraceRows(path: path, options)
        var ledger = TraceLedger()
        var taken = 0
        try post(events.started)
        while taken < events.outline.rows, let item = try rows.nextItem() {
            guard case .task(let task, _) = item else { continue }
            taken += 1
            let isNews = ledger.take(task) != .known
            if isNews, task.status != .cached { try post(events.event(of: task)) }
            progress(rows.progress.done, rows.progress.total)
        }
        try post(events.completed)
    }

    /// The file's name without its extension; `trace` says little, but there is no better name.
    private static func name(of path: String) -> String {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        let plain = file.hasSuffix(".gz") ? String(file.dropLast(3)) : file
        guard let dot = plain.lastIndex(of: "."), dot > plain.startIndex else { return plain }
        return String(plain[..<dot])
    }
}
