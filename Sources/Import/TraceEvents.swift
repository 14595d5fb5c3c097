internal import Core
internal import Crypto

/// The weblog events that a run would have sent whose trace file this is. Contract nextflow §4.2 to §4.5.
///
/// They are functions of the file alone, so that importing it twice tells the same things.
struct TraceEvents {
    let runID: String
    let runName: String
    let outline: TraceOutline

    /// The id of a run: derived from its header and its first task, so that a file that has grown since keeps it.
    static func runID(header: [UInt8], firstTask: [UInt8]) -> String {
        var hash = SHA256()
        for bytes in [header, [0x0A], firstTask] {
            bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        }
        var bytes = Array(Array(hash.finalize()).prefix(16))
        // RFC 9562 §5.8: version 8 is for whatever the maker of the UUID says.
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        return UUID128(bytes: bytes)?.description ?? ""
    }

    /// How the run begins.
    var started: [UInt8] { envelope("started", at: outline.start) { metadata(isEnd: false, &$0) } }

    /// How it ends.
    var completed: [UInt8] { envelope("completed", at: outline.end) { metadata(isEnd: true, &$0) } }

    /// The end of a task.
    func completed(_ task: TraceTask) -> [UInt8] {
        envelope("process_completed", at: task.last ?? outline.end) { body in
            body.object("trace") { trace in
                for name in task.columns.sorted() { Self.write(name, of: task, &trace) }
                if task["process"] == nil { trace.member("process", task.process) }
                if task["tag"] == nil { trace.member("tag", task.tag) }
                trace.member("submit", task.submit ?? 0)
                if task.columns.contains("start") { trace.member("start", task.time("start") ?? 0) }
                if let complete = task.complete { trace.member("complete", complete) }
            }
        }
    }

    private func envelope(
        _ event: String,
        at milliseconds: Int64,
        _ payload: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 1024)
        writer.object { body in
            body.member("runName", runName)
            body.member("runId", runID)
            body.member("event", event)
            body.member("utcTime", Self.text(milliseconds))
            payload(&body)
        }
        return writer.bytes
    }

    private func metadata(isEnd: Bool, _ body: inout JSONWriter) {
        body.object("metadata") { metadata in
            metadata.object("parameters") { _ in }
            metadata.object("workflow") { workflow in
                workflow.member("runName", runName)
                workflow.member("sessionId", runID)
                workflow.member("start", Self.text(outline.start))
                workflow.member("complete", isEnd ? Self.text(outline.end) : nil)
                workflow.member("duration", isEnd ? outline.end - outline.start : nil)
                workflow.member("success", isEnd && outline.isSuccess)
                workflow.object("stats") { isEnd ? outline.writeStatistics(&$0) : () }
            }
        }
    }

    private static func text(_ milliseconds: Int64) -> String {
        Timestamp(microseconds: milliseconds * 1000).iso8601()
    }

    // MARK: - Fields

    /// One field as the weblog spells it: numbers in bytes and milliseconds, nothing where nothing is known.
    private static func write(_ name: String, of task: TraceTask, _ trace: inout JSONWriter) {
        guard let kind = TraceColumns.kinds[name] else { return }
        guard let text = task[name] else {
            // What Nextflow says for an exit status that it does not know.
            if kind == .exit { trace.member(name, 2_147_483_647) }
            return
        }
        switch kind {
        case .time: break
        case .text: trace.member(name, text)
        case .textOrNumber, .exit:
            if let number = Int64(text) { trace.member(name, number) } else { trace.member(name, text) }
        case .bytes: write(name, TraceValue.bytes(text), &trace)
        case .duration: write(name, TraceValue.milliseconds(text), &trace)
        case .number:
            if let number = Int64(text) {
                trace.member(name, number)
            } else if let number = TraceValue.decimal(text) {
                trace.member(name, number)
            }
        case .percent: if let number = TraceValue.percent(text) { trace.member(name, number) }
        }
    }

    private static func write(_ name: String, _ number: Int64?, _ trace: inout JSONWriter) {
        if let number { trace.member(name, number) }
    }
}

/// What all tasks of a file together tell of their run.
struct TraceOutline {
    private var executed = TimeSpan()
    private var reused = TimeSpan()
    private(set) var tasks = 0
    private(set) var cached = 0
    private(set) var broken = 0
    private var succeeded = 0
    private var failed = 0
    private var aborted = 0
    private var retried = 0
    private var ignored = 0
    // Names of tasks whose latest attempt failed, as far as it is not known that the run went on without them.
    private var openFailures: Set<String> = []

    /// Whether any task says when it was.
    var hasTimes: Bool { !executed.isEmpty || !reused.isEmpty }

    /// Milliseconds since 1970. A cached task ran in an earlier run: its times count only when there are no others.
    var start: Int64 { executed.isEmpty ? reused.first : executed.first }
    var end: Int64 { executed.isEmpty ? reused.last : executed.last }

    /// A trace file does not say how its run ended. It did well if no task was killed and no failed one was left so.
    var isSuccess: Bool { aborted == 0 && openFailures.isEmpty }

    mutating func add(_ task: TraceTask) {
        tasks += 1
        let name = task["name"] ?? task["hash"] ?? ""
        switch task.status {
        case "CACHED":
            cached += 1
            reused.add(task)
            return
        case "COMPLETED":
            succeeded += 1
            openFailures.remove(name)
        case "ABORTED": aborted += 1
        default:
            failed += 1
            switch task["error_action"] {
            case "IGNORE": ignored += 1
            case "RETRY":
                retried += 1
                openFailures.insert(name)
            default: openFailures.insert(name)
            }
        }
        executed.add(task)
    }

    mutating func addBroken() { broken += 1 }

    fileprivate func writeStatistics(_ stats: inout JSONWriter) {
        stats.member("succeededCount", succeeded)
        stats.member("failedCount", failed)
        stats.member("abortedCount", aborted)
        stats.member("cachedCount", cached)
        stats.member("retriesCount", retried)
        stats.member("ignoredCount", ignored)
    }
}

private struct TimeSpan {
    var first = Int64.max
    var last = Int64.min

    var isEmpty: Bool { first > last }

    mutating func add(_ task: TraceTask) {
        if let time = task.first { first = min(first, time) }
        if let time = task.last { last = max(last, time) }
    }
}
