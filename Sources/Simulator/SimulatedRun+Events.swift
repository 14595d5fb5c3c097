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

    private func trace(_ index: Int, _ stage: SimulatedStage, into body: inout JSONWriter) {
        let attempt = plan.attempts[index]
        let process = SimulatorPipeline.processes[attempt.process]
        body.object("trace") { trace in
            trace.member("task_id", attempt.taskID)
            trace.member("status", status(of: attempt, stage))
            trace.member("hash", attempt.shortHash)
            trace.member("name", attempt.name)
            trace.member("exit", stage == .finished ? attempt.exit : SimulatedAttempt.unknownExit)
            trace.member("submit", attempt.submit)
            trace.member("start", stage == .submitted || !attempt.isStarted ? 0 : attempt.start)
            trace.member("process", process.name)
            trace.member("tag", attempt.tag)
            trace.array("module") { _ in }
            trace.member("container", process.container)
            trace.member("attempt", attempt.attempt)
            trace.member("script", attempt.script)
            trace.null("scratch")
            trace.member("workdir", attempt.workDirectory)
            trace.member("queue", "long")
            trace.member("cpus", process.cpus)
            trace.member("memory", attempt.memory)
            trace.null("disk")
            trace.member("time", Int(process.typicalMilliseconds) * 8)
            trace.null("env")
            if stage == .finished, attempt.outcome.isRecorded { ending(of: attempt, into: &trace) }
            if attempt.submit > 0 { trace.member("native_id", attempt.nativeID) }
        }
    }

    func status(of attempt: SimulatedAttempt, _ stage: SimulatedStage) -> String {
        switch stage {
        case .new: "NEW"
        case .cached: "CACHED"
        case .submitted: "SUBMITTED"
        case .running: "RUNNING"
        case .finished: attempt.outcome.status
        }
    }

    /// The fields of a task that ended in the executor (contract §4.4, columns C and C+M).
    private func ending(of attempt: SimulatedAttempt, into trace: inout JSONWriter) {
        trace.member("error_action", attempt.outcome.action)
        trace.member("complete", attempt.complete)
        trace.member("duration", attempt.complete - attempt.submit)
        trace.member("realtime", attempt.realtime)
        guard hasMetrics, attempt.isMeasured else { return }
        for measured in attempt.measurements { measured.write(as: measured.weblog, into: &trace) }
        trace.member("cpu_model", SimulatedAttempt.processor)
    }
}

extension SimulatedAttempt {
    /// Nextflow's value for an unknown exit status (contract §4.4).
    static let unknownExit = 2_147_483_647

    var tag: String { "S\(sample + 1)" }

    var name: String { "\(SimulatorPipeline.processes[process].name) (\(tag))" }

    var shortHash: String { "\(hash.prefix(2))/\(hash.dropFirst(2).prefix(6))" }

    var workDirectory: String { "/scratch/work/\(hash.prefix(2))/\(hash.dropFirst(2))" }

    var script: String {
        let process = SimulatorPipeline.processes[process]
        return "\n    \(process.name.lowercased()) --threads \(process.cpus) \(tag).fastq.gz\n    "
    }

    /// The number of the executor's job.
    var nativeID: String { "8\(Int(hash.prefix(6), radix: 16) ?? 0)" }

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
