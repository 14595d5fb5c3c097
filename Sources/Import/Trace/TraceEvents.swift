internal import Core
internal import Crypto

/// The weblog events that the run of a trace file would have sent. Contract nextflow §4.2 to §4.5.
///
/// They depend on the file only, so that importing it twice sends the same events.
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
        // RFC 9562 §5.8: version 8 is for custom contents.
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        return UUID128(bytes: bytes)?.description ?? ""
    }

    /// The event of the run's begin.
    var started: [UInt8] { envelope("started", at: outline.start) { metadata(isEnd: false, &$0) } }

    /// The event of its end.
    var completed: [UInt8] { envelope("completed", at: outline.end) { metadata(isEnd: true, &$0) } }

    /// The event of a task: its end, or its state when the file was written.
    func event(of task: TraceTask) -> [UInt8] {
        let name =
            switch task.status {
            case .new, .pending, .submitted: "process_submitted"
            case .running: "process_started"
            default: "process_completed"
            }
        return envelope(name, at: task.last ?? outline.end) { body in
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
                // The server prefers the values that the run itself sent.
                workflow.member("reconstructed", true)
                workflow.object("stats") { isEnd ? outline.writeStatistics(&$0) : () }
            }
        }
    }

    private static func text(_ milliseconds: Int64) -> String {
        Timestamp(microseconds: milliseconds * 1000).iso8601()
    }

    // MARK: - Fields

    /// One field as the weblog spells it: numbers in bytes and milliseconds; unknown values are left out.
    private static func write(_ name: String, of task: TraceTask, _ trace: inout JSONWriter) {
        let kind = TraceColumns.kind(of: name)
        guard let text = task[name] else {
            // Nextflow's value for an unknown exit status.
            if kind == .exit { trace.member(name, 2_147_483_647) }
            return
        }
        switch kind {
        case .time: break
        // A column that is newer than this Weir is stored as text.
        case .text, nil: trace.member(name, name == "status" && text == "PENDING" ? "NEW" : text)
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
