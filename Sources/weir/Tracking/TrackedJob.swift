import Agent
import Dispatch
import Glibc
import Processes
import Synchronization
import WeirApp
import WeirClient

/// One command and its tracked run.
struct TrackedJob: Sendable {
    let command: [[UInt8]]
    let agent: String
    let type: String
    let details: RunDetails
    let showsCommandLine: Bool
    /// As what the measured use is reported, too; nil reports none.
    var component: AgentConfiguration?

    /// The outcome.
    struct Result: Sendable {
        /// The exit code of `weir track`.
        let exitCode: Int32
        /// The signal that killed the command.
        let signal: Int32?
        /// A sentence that says why the server did not take the run; nil if it did.
        let trouble: String?
    }

    private struct Outcome {
        var status: RunOutcome
        var error: String?
        var exitCode: Int32
        var signal: Int32?
    }

    /// Runs the command to its end, and begins and ends its run.
    func run(_ options: TrackedProcess.Options, _ configuration: ClientConfiguration) async -> Result {
        var details = details
        let (eventID, runID) = WeirClient.newIDs(agent: agent)
        details.eventID = eventID
        details.runID = runID
        var options = options
        options.mark = Array("WEIR_EVENT_ID=\(eventID)".utf8)
        options.environment = Self.environment(adding: [Array("WEIR_RUN_ID=\(runID)".utf8), options.mark])
        let directives = Mutex<[String]>([])
        let process = TrackedProcess(command, options) { line in directives.withLock { $0.append(line) } }
        let began = ContinuousClock.now
        let start = Self.start(process)
        // The command starts at once and inherits no socket; the start of its run is sent meanwhile.
        let client = WeirClient(configuration)
        let begun = Task { [details] in await client.startRun(agent: agent, job: type, details: details) }
        let ending = await Self.wait(process, start)
        let wall = (ContinuousClock.now - began).seconds
        let run = await begun.value
        describe(ending, wall, in: run)
        for line in directives.withLock({ $0 }) { Directive.apply(line, to: run) }
        let outcome = judge(ending.end, process)
        let isTaken = await run.end(outcome.status, errorSummary: outcome.error)
        // Waiting records are sent only after Weir has responded, and not for long.
        if isTaken {
            await report(ending.findings, wall)
            await client.replay(within: .seconds(2))
        }
        await Self.onOwnThread { process.finish() }
        let trouble = isTaken ? nil : client.trouble.map { advice($0, configuration) }
        return Result(exitCode: outcome.exitCode, signal: outcome.signal, trouble: trouble)
    }

    private func report(_ findings: CommandMeter.Findings?, _ wall: Double) async {
        guard let component, let usage = findings?.usage else { return }
        await RunReport.send(usage, wallSeconds: wall, task: "track:\(agent)/\(type)", component)
    }

    private func advice(_ trouble: ServerTrouble, _ configuration: ClientConfiguration) -> String {
        "this run was not taken: \(trouble.sentence(configuration.url)). Its record waits in "
            + "\(configuration.bufferDirectory); `weir track --replay` sends it. --quiet leaves this line out."
    }

    // MARK: - The process

    private static func start(_ process: TrackedProcess) -> Swift.Result<pid_t, SpawnError> {
        do throws(SpawnError) {
            return .success(try process.start())
        } catch {
            return .failure(error)
        }
    }

    private static func wait(
        _ process: TrackedProcess,
        _ start: Swift.Result<pid_t, SpawnError>
    ) async -> TrackedProcess.Ending {
        switch start {
        case .failure(let error):
            TrackedProcess.Ending(end: .notStarted(code: error.exitCode, why: error.description))
        case .success(let id): await onOwnThread { process.wait(id) }
        }
    }

    private static func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "weir.track").async { continuation.resume(returning: body()) }
        }
    }

    /// The variables of this process, some of them replaced.
    private static func environment(adding variables: [[UInt8]]) -> [[UInt8]] {
        let names = variables.map { $0.prefix { $0 != UInt8(ascii: "=") } + [UInt8(ascii: "=")] }
        var all: [[UInt8]] = []
        // safe: nothing in Weir writes the environment, so it does not move while it is read.
        var entry = environ
        while let pointer = entry.pointee {
            let text = UnsafeBufferPointer(start: pointer, count: strlen(pointer))
            let bytes = text.map { UInt8(bitPattern: $0) }
            if !names.contains(where: { bytes.starts(with: $0) }) { all.append(bytes) }
            entry += 1
        }
        return all + variables
    }

    // MARK: - The record

    private func describe(_ ending: TrackedProcess.Ending, _ wall: Double, in run: TrackedRun) {
        if showsCommandLine {
            let names = ProcessEnvironment.variables["WEIR_REDACT"]?.split(separator: ",") ?? []
            run.setContext("command", CommandLineText.make(command, masking: names.map(String.init)))
        }
        switch ending.end {
        case .exited(let code), .notStarted(let code, _): run.setMetric("exit_code", Double(code))
        case .killed(let signal): run.setMetric("signal", Double(signal))
        }
        run.setMetric("wall_seconds", (wall * 1000).rounded() / 1000)
        guard let usage = ending.usage else { return }
        run.setMetric("cpu_user_seconds", ending.findings?.usage.userSeconds ?? usage.userSeconds)
        run.setMetric("cpu_system_seconds", ending.findings?.usage.systemSeconds ?? usage.systemSeconds)
        run.setMetric("peak_memory_bytes", Double(usage.peakBytes))
        if let findings = ending.findings { describe(findings, in: run) }
    }

    private func describe(_ findings: CommandMeter.Findings, in run: TrackedRun) {
        run.setMetric("peak_total_memory_bytes", Double(findings.usage.peakBytes))
        run.setMetric("io_read_bytes", Double(findings.usage.readBytes ?? 0))
        run.setMetric("io_written_bytes", Double(findings.usage.writtenBytes ?? 0))
        run.setMetric("peak_processes", Double(findings.processes))
        run.setMetric("peak_threads", Double(findings.threads))
    }

    private func judge(_ end: TrackedProcess.End, _ process: TrackedProcess) -> Outcome {
        func summary(_ fallback: String) -> String { process.tail.isEmpty ? fallback : process.tail }
        let isCancelled = process.isCancelled(end)
        let stopped: RunOutcome = process.isTimedOut ? .timeout : isCancelled ? .cancelled : .failure
        switch end {
        case .exited(0) where !process.isTimedOut && !isCancelled:
            return Outcome(status: .success, exitCode: 0)
        case .exited(let code):
            return Outcome(status: stopped, error: summary("exit code \(code)"), exitCode: code)
        case .killed(let signal):
            let error = summary("killed by signal \(signal)")
            return Outcome(status: stopped, error: error, exitCode: 128 + signal, signal: signal)
        case .notStarted(let code, let why):
            let name = String(decoding: command.first ?? [], as: UTF8.self)
            StandardStreams.writeError("weir: \(name): \(why)")
            return Outcome(status: .failure, error: "\(name): \(why)", exitCode: code)
        }
    }
}
