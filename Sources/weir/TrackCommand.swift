import ArgumentParser
import Dispatch
import Glibc
import Synchronization
import WeirApp
import WeirClient

/// `weir track`: any command as a tracked run.
struct TrackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "track",
        abstract: "Run any command as a tracked run: weir track --agent nightly -- make index",
        discussion: """
            The command's output and exit code are its own. When it fails, the last lines of its standard error \
            become the run's error summary. A line `::weir items_succeeded=5 metric.pages=310` on either output is \
            taken as counts and metrics of the run, and not passed on.

            Without a server the command runs all the same: the record waits in ./telemetry_buffer \
            (TELEMETRY_BUFFER_DIR) and is sent by the next `weir track`, or by `weir track --replay`.
            """
    )

    @Option(help: "The name of the agent; else the command's.")
    var agent: String?

    @Option(help: "The type of the job.")
    var job = "command"

    @Option(help: "Where Weir listens; else TELEMETRY_API_URL, or http://localhost:8765.")
    var url: String?

    @Option(help: "A token with the scope ingest. Also WEIR_TOKEN, which other users can not see.")
    var token: String?

    @Option(help: "What is worked on.")
    var itemName: String?

    @Option(help: "The run_id of the run that this one belongs to.")
    var parent: String?

    @Option(help: "How the run was started: cli, web, scheduler, mcp, manual.")
    var trigger = "cli"

    @Option(help: "End the command after so many seconds: SIGTERM, and SIGKILL ten seconds later.")
    var timeout: Double?

    @Flag(help: "Only send what waits in the buffer.")
    var replay = false

    @Argument(parsing: .postTerminator, help: "The command and its arguments, after --.")
    var command: [String] = []

    func validate() throws {
        if command.isEmpty != replay {
            throw ValidationError(
                replay ? "--replay takes no command." : "Say which command to run, after --."
            )
        }
        if let timeout, !(timeout > 0 && timeout <= 1e9) {
            throw ValidationError("--timeout takes a number of seconds above 0, and up to 1e9.")
        }
    }

    func run() async throws {
        let client = WeirClient(configuration)
        guard !replay else { return try await replayBuffer(client) }
        try await track(client)
    }

    private var configuration: ClientConfiguration {
        var configuration = ClientConfiguration.fromEnvironment()
        if let url { configuration.url = url.hasSuffix("/") ? String(url.dropLast()) : url }
        if let token { configuration.token = token }
        // A command must not wait for a server that hangs.
        configuration.patience = .seconds(3)
        configuration.attempts = 1
        // It is done when the command has ended: in the background it would be cut short.
        configuration.replayInterval = nil
        return configuration
    }

    private func replayBuffer(_ client: WeirClient) async throws {
        let report = await client.replay()
        let rest =
            switch report.obstacle {
            case nil: ""
            case .unavailable:
                "; the rest waits: \(client.url) does not answer, or does not take it (address? token?)"
            case .anotherReplay: "; another replay of this buffer is at work"
            case .files: "; the rest waits: its files can't be read or renamed"
            }
        StandardStreams.writeError(
            "weir: \(report.sent) records sent, \(report.rejected) rejected\(rest)"
        )
        throw ExitCode(report.obstacle == nil && report.rejected == 0 ? 0 : 1)
    }

    // MARK: - One command

    private func track(_ client: WeirClient) async throws {
        var details = RunDetails()
        details.itemName = itemName
        details.parentRunID = parent
        details.triggerType = trigger
        let name = agent ?? command[0].split(separator: "/").last.map(String.init) ?? command[0]
        // The command begins at once, whatever the server does; its output is looked at when it has ended.
        let run = Task { [details] in await client.startRun(agent: name, job: job, details: details) }
        let directives = Mutex<[String]>([])
        let process = TrackedProcess { line in directives.withLock { $0.append(line) } }
        let limit = timeout.map { Duration.milliseconds(Int($0 * 1000)) }
        let end = await withCheckedContinuation { continuation in
            DispatchQueue(label: "weir.track").async { [command] in
                continuation.resume(returning: process.run(command, timeout: limit))
            }
        }
        let tracked = await run.value
        for line in directives.withLock({ $0 }) { Directive.apply(line, to: tracked) }
        let (outcome, error, code) = judge(end, process)
        // What waits is sent when Weir has shown that it listens, and not for long.
        if await tracked.end(outcome, errorSummary: error) { await client.replay(within: .seconds(2)) }
        throw ExitCode(code)
    }

    /// The run's status, its error summary, and our own exit code.
    private func judge(_ end: TrackedProcess.End, _ process: TrackedProcess) -> (RunOutcome, String?, Int32) {
        func summary(_ fallback: String) -> String { process.tail.isEmpty ? fallback : process.tail }
        switch end {
        case .exited(0): return (.success, nil, 0)
        case .exited(let code):
            let wasStopped = !process.forwardedSignals.isEmpty
            let outcome: RunOutcome = process.isTimedOut ? .timeout : wasStopped ? .cancelled : .failure
            return (outcome, summary("exit code \(code)"), code)
        case .killed(let signal):
            let outcome: RunOutcome =
                process.isTimedOut
                ? .timeout : process.forwardedSignals.contains(signal) ? .cancelled : .failure
            return (outcome, summary("killed by signal \(signal)"), 128 + signal)
        case .notStarted(let code, let why):
            StandardStreams.writeError("weir: \(command[0]): \(why)")
            return (.failure, "\(command[0]): \(why)", code)
        }
    }
}

/// A line by which a command tells Weir about itself: `::weir items_failed=1 metric.pages=310`.
enum Directive {
    static func apply(_ line: String, to run: TrackedRun) {
        for word in line.dropFirst("::weir ".count).split(whereSeparator: \.isWhitespace) {
            let parts = word.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let (name, text) = (parts[0], parts[1])
            if name.hasPrefix("metric."), let value = Double(text), value.isFinite {
                run.setMetric(String(name.dropFirst("metric.".count)), value)
            }
            guard let count = Int(text) else { continue }
            switch name {
            case "items_discovered": run.setItems(discovered: count)
            case "items_succeeded": run.setItems(succeeded: count)
            case "items_failed": run.setItems(failed: count)
            case "items_skipped": run.setItems(skipped: count)
            default: break
            }
        }
    }
}
