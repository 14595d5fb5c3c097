internal import Core

extension SimulatedRun {
    /// The request's body, compact and in ASCII, as the client writes it (contract §4.2).
    func body(of event: SimulatedEvent) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 2048)
        writer.object { body in
            switch event.kind {
            case .started: metadata(isEnd: false, into: &body)
            case .completed: metadata(isEnd: true, into: &body)
            case .submitted(let index): trace(index, .submitted, into: &body)
            case .running(let index): trace(index, .running, into: &body)
            case .finished(let index): trace(index, .finished, into: &body)
            case .error(let index): if let index { trace(index, .finished, into: &body) }
            }
            body.member("runId", identity.sessionID)
            body.member("event", Self.name(of: event.kind))
            body.member("runName", name)
            body.member("utcTime", Self.wholeSeconds(event.at))
        }
        return writer.bytes
    }

    private static func name(of kind: SimulatedEvent.Kind) -> String {
        switch kind {
        case .started: "started"
        case .submitted: "process_submitted"
        case .running: "process_started"
        case .finished: "process_completed"
        case .error: "error"
        case .completed: "completed"
        }
    }

    /// `yyyy-MM-ddTHH:mm:ssZ`.
    static func wholeSeconds(_ milliseconds: Int64) -> String {
        String(Timestamp(microseconds: milliseconds * 1000).description.prefix(19)) + "Z"
    }

    /// The state of a task when its record is built.
    private enum Stage {
        case submitted, running, finished
    }

    private func trace(_ index: Int, _ stage: Stage, into body: inout JSONWriter) {
        let attempt = plan.attempts[index]
        let process = SimulatorPipeline.processes[attempt.process]
        let tag = "S\(attempt.sample + 1)"
        body.object("trace") { trace in
            trace.member("task_id", attempt.taskID)
            trace.member("status", status(of: attempt, stage))
            trace.member("hash", "\(attempt.hash.prefix(2))/\(attempt.hash.dropFirst(2).prefix(6))")
            trace.member("name", "\(process.name) (\(tag))")
            trace.member("exit", stage == .finished ? attempt.exit : SimulatedAttempt.unknownExit)
            trace.member("submit", attempt.submit)
            trace.member("start", stage == .submitted ? 0 : attempt.start)
            trace.member("process", process.name)
            trace.member("tag", tag)
            trace.array("module") { _ in }
            trace.member("container", process.container)
            trace.member("attempt", attempt.attempt)
            trace.member(
                "script",
                "\n    \(process.name.lowercased()) --threads \(process.cpus) \(tag).fastq.gz\n    "
            )
            trace.null("scratch")
            trace.member("workdir", "/scratch/work/\(attempt.hash.prefix(2))/\(attempt.hash.dropFirst(2))")
            trace.member("queue", "long")
            trace.member("cpus", process.cpus)
            trace.member("memory", attempt.memory)
            trace.null("disk")
            trace.member("time", Int(process.typicalMilliseconds) * 8)
            trace.null("env")
            if stage == .finished, attempt.outcome.isRecorded { ending(of: attempt, process, into: &trace) }
            if attempt.submit > 0 { trace.member("native_id", "\(8_000_000 + attempt.taskID)") }
        }
    }

    private func status(of attempt: SimulatedAttempt, _ stage: Stage) -> String {
        switch stage {
        case .submitted: "SUBMITTED"
        case .running: "RUNNING"
        case .finished: attempt.outcome.status
        }
    }

    /// The fields of a task that ended in the executor (contract §4.4, columns C and C+M).
    private func ending(
        of attempt: SimulatedAttempt,
        _ process: SimulatorPipeline.Process,
        into trace: inout JSONWriter
    ) {
        let realtime = attempt.complete - attempt.start
        trace.member("error_action", attempt.outcome.action)
        trace.member("complete", attempt.complete)
        trace.member("duration", attempt.complete - attempt.submit)
        trace.member("realtime", realtime)
        // A task that the kernel killed has no measurements.
        guard hasMetrics, attempt.exit != 137 || attempt.attempt > 1 else { return }
        let resident = Int(Double(attempt.memory) * attempt.load)
        trace.member("%cpu", Self.oneDecimal(Double(process.cpus) * 100 * (0.35 + 0.6 * attempt.load)))
        trace.member("%mem", Self.oneDecimal(attempt.load * 12))
        trace.member("rss", resident * 9 / 10)
        trace.member("vmem", resident * 12 / 10)
        trace.member("peak_rss", resident)
        trace.member("peak_vmem", resident * 13 / 10)
        trace.member("rchar", Int(realtime) * 52_000)
        trace.member("wchar", Int(realtime) * 23_000)
        trace.member("syscr", Int(realtime) * 2)
        trace.member("syscw", Int(realtime))
        trace.member("read_bytes", Int(realtime) * 41_000)
        trace.member("write_bytes", Int(realtime) * 19_000)
        trace.member("vol_ctxt", Int(realtime) / 3)
        trace.member("inv_ctxt", Int(realtime) / 400)
        trace.member("cpu_model", "AMD EPYC 7763 64-Core Processor")
    }

    private static func oneDecimal(_ value: Double) -> Double {
        (value * 10).rounded() / 10
    }
}

extension SimulatedAttempt {
    /// Nextflow's value for an unknown exit status (contract §4.4).
    static let unknownExit = 2_147_483_647

    /// Requested bytes: each retry requests twice as much.
    var memory: Int { SimulatorPipeline.processes[process].memory << (attempt - 1) }

    /// The exit status.
    var exit: Int {
        switch outcome {
        case .completed: 0
        case .failed(let exit, _): exit
        case .aborted, .notSubmitted: Self.unknownExit
        }
    }
}

extension SimulatedAttempt.Outcome {
    var status: String {
        switch self {
        case .completed: "COMPLETED"
        case .failed, .notSubmitted: "FAILED"
        case .aborted: "ABORTED"
        }
    }

    /// Null on success.
    var action: String? {
        switch self {
        case .failed(_, let action), .notSubmitted(let action): action
        case .completed, .aborted: nil
        }
    }

    /// Whether the executor saw its end: killed and refused tasks have no times (contract §4.4).
    var isRecorded: Bool {
        switch self {
        case .completed, .failed: true
        case .aborted, .notSubmitted: false
        }
    }
}
