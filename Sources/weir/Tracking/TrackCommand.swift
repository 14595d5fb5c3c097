import Agent
import ArgumentParser
import Configuration
import Dispatch
import Glibc
import Processes
import Synchronization
import WeirApp
import WeirClient

/// `weir track`: any command as a tracked run.
struct TrackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "track",
        abstract: "Run any command as a tracked run: weir track --agent nightly -- make index",
        discussion: """
            Output, exit code and signals pass through unchanged. When the command fails, the last lines of \
            its standard error become the run's error summary. A line `::weir items_succeeded=5 metric.pages=310` on \
            either output is taken as counts and metrics of the run, and not passed on.

            Without a server the command runs all the same: the record waits in ./telemetry_buffer \
            (TELEMETRY_BUFFER_DIR) and is sent by the next `weir track`, or by `weir track --replay`.

            The command finds the ids of its run in WEIR_RUN_ID and WEIR_EVENT_ID. A `weir track` within it takes \
            WEIR_RUN_ID as its parent.
            """
    )

    @Option(help: "The name of the agent; else the command's.")
    var agent: String?

    @Option(help: "The type of the job.")
    var job = "command"

    @Option(help: "Where Weir listens; else WEIR_URL, or http://localhost:8765.")
    var url: String?

    @Option(help: "A token with the scope ingest. Also WEIR_TOKEN, which other users can not see.")
    var token: String?

    @Option(help: "The item that the run works on.")
    var itemName: String?

    @Option(help: "The run_id of the run that this one belongs to; else WEIR_RUN_ID.")
    var parent: String?

    @Option(help: "How the run was started: cli, web, scheduler, mcp, manual.")
    var trigger = "cli"

    @Option(
        help: ArgumentHelp(
            "End the command and its descendants by SIGTERM after this time (30s, 5m, 2h; or seconds).",
            valueName: "duration"
        )
    )
    var timeout: String?

    @Option(help: ArgumentHelp("How long to wait between SIGTERM and SIGKILL.", valueName: "duration"))
    var killAfter = "10s"

    @Flag(help: "Give the command a terminal, for colours and progress bars.")
    var pty = false

    @Flag(help: "Let the command inherit the outputs: no ::weir lines, no error summary.")
    var inheritOutput = false

    @Flag(help: "Measure what the command and its descendants use together while they run.")
    var measure = false

    @Flag(help: "Do not record the command line.")
    var noCommandLine = false

    @Flag(help: "Do not report that the server did not take the run.")
    var quiet = false

    @Flag(help: "Only send the records in the buffer.")
    var replay = false

    @Argument(parsing: .postTerminator, help: "The command and its arguments, after --.")
    var command: [String] = []

    func validate() throws {
        if command.isEmpty != replay {
            throw ValidationError(
                replay ? "--replay takes no command." : "Name the command to run after --."
            )
        }
        if let timeout, Self.duration(timeout) == nil {
            throw ValidationError("--timeout takes a duration such as 30s, 5m or 2h, or seconds above 0.")
        }
        guard Self.duration(killAfter) != nil else {
            throw ValidationError("--kill-after takes a duration such as 10s, or seconds above 0.")
        }
        if pty, inheritOutput { throw ValidationError("Use --pty or --inherit-output, not both.") }
    }

    func run() async throws {
        guard !replay else { return try await replayBuffer(WeirClient(clientConfiguration)) }
        try await track()
    }

    /// A number without a unit is seconds and may have a fraction.
    static func duration(_ text: String) -> Duration? {
        if let number = Double(text), number.isFinite {
            return number > 0 && number <= 1e9 ? .milliseconds(max(1, Int64(number * 1000))) : nil
        }
        return DurationText(text).map(\.duration).flatMap { $0 > .zero ? $0 : nil }
    }

    private var clientConfiguration: ClientConfiguration {
        var configuration = ClientConfiguration.fromEnvironment()
        if let url { configuration.url = url.hasSuffix("/") ? String(url.dropLast()) : url }
        if let token { configuration.token = token }
        // A command must not wait for a server that hangs.
        configuration.patience = .seconds(3)
        configuration.attempts = 1
        // Waiting records are sent after the command has ended: in the background the exit would interrupt that.
        configuration.replayInterval = nil
        return configuration
    }

    private func replayBuffer(_ client: WeirClient) async throws {
        let report = await client.replay()
        let rest =
            switch report.obstacle {
            case nil: ""
            case .unavailable: "; the rest waits: \(client.trouble?.sentence(client.url) ?? "Weir is away")"
            case .anotherReplay: "; another replay of this buffer is running"
            case .files: "; the rest waits: its files can't be read or renamed"
            }
        StandardStreams.writeError(
            "weir: \(report.sent) records sent, \(report.rejected) rejected\(rest)"
        )
        throw ExitCode(report.obstacle == nil && report.rejected == 0 ? 0 : 1)
    }

    // MARK: - One command

    private func track() async throws {
        var job = TrackedJob(
            command: CommandLineText.bytes(ofLast: command.count),
            agent: agent ?? command[0].split(separator: "/").last.map(String.init) ?? command[0],
            type: self.job,
            details: details,
            showsCommandLine: !noCommandLine
        )
        job.component = measure ? component : nil
        var options = TrackedProcess.Options()
        options.isMeasured = measure
        options.timeout = timeout.flatMap(Self.duration)
        options.killAfter = Self.duration(killAfter) ?? options.killAfter
        options.outputs = pty ? .terminal : inheritOutput ? .inherited : .sifted
        options.signals = Weir.signals
        let result = await job.run(options, clientConfiguration)
        if !quiet, let trouble = result.trouble { StandardStreams.writeError("weir: \(trouble)") }
        // A shell script that waits for this process stops on Ctrl-C only if this process dies by the signal, too.
        if result.signal == SIGINT { SignalRelay.die(by: SIGINT, withGroup: pty) }
        throw ExitCode(result.exitCode)
    }

    /// The samples of a run belong to the component of this machine, as the agent names it; an unusable variable of the
    /// agent is no reason not to run the command.
    private var component: AgentConfiguration? {
        guard var configuration = try? AgentVariables().configuration() else { return nil }
        configuration.url = clientConfiguration.url
        configuration.token = clientConfiguration.token
        return configuration
    }

    private var details: RunDetails {
        var details = RunDetails()
        details.itemName = itemName
        details.parentRunID = parent
        details.triggerType = trigger
        return details
    }
}
