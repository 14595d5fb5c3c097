import Agent
import ArgumentParser
import Configuration
import WeirApp

/// `weir agent`: this machine as a worker whose metrics Weir keeps.
struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "Report this machine's metrics, as a worker of NoETL does.",
        discussion: """
            It registers at the server, sends heartbeats, reports metrics of the machine and of the tasks that \
            --pid, --name, --command and --cgroup select, and deregisters when it is stopped. While the server is \
            away, reports wait in the spool.

            Metrics of your own, in Prometheus' text form, come by --socket, --stdin or --textfile-directory.

            Example: weir agent --url http://weir.example.org:8000 --name postgres
            """
    )

    @Option(help: "The server; else WEIR_URL, NOETL_SERVER_URL or port 8000 here.")
    var url: String?

    @Option(help: "A token with the scope ingest. Also WEIR_TOKEN, which other users can not see.")
    var token: String?

    @Option(help: "The name to register; else NOETL_WORKER_POOL_NAME, or worker-HOST.")
    var pool: String?

    @Option(help: "cpu, gpu, …; else NOETL_WORKER_POOL_RUNTIME.")
    var runtime: String?

    @Option(help: "The label worker_id; else NOETL_WORKER_ID, or the pool.")
    var workerID: String?

    @Option(help: "Tasks that the machine takes; else NOETL_WORKER_CAPACITY.")
    var capacity: Int?

    @Option(help: "Labels of the registration, with commas; else NOETL_WORKER_LABELS.")
    var labels: String?

    @Option(
        help: ArgumentHelp(
            "Between heartbeats; else NOETL_WORKER_HEARTBEAT_INTERVAL, or 15s.",
            valueName: "duration"
        )
    )
    var heartbeatInterval: String?

    @Option(
        help: ArgumentHelp(
            "Between reports of tasks and own metrics; else NOETL_WORKER_METRICS_INTERVAL, or 60s.",
            valueName: "duration"
        )
    )
    var metricsInterval: String?

    @Flag(help: "Only register and send heartbeats, as NOETL_DISABLE_METRICS=true.")
    var noMetrics = false

    @Option(help: "Measure the process with this id and its descendants.")
    var pid: [Int32] = []

    @Option(help: "Measure the processes of this program, and their descendants.")
    var name: [String] = []

    @Option(help: "Measure the processes whose command line matches, and their descendants.")
    var command: [String] = []

    @Option(help: "Measure a control group, as system.slice/cron.service.")
    var cgroup: [String] = []

    @Option(help: "Take metrics by lines at this Unix socket; else WEIR_AGENT_SOCKET.")
    var socket: String?

    @Flag(help: "Take metrics by lines from standard input.")
    var stdin = false

    @Option(help: "Report the *.prom files of this directory; else WEIR_AGENT_TEXTFILES.")
    var textfileDirectory: String?

    @Option(help: "Where reports wait for the server; else WEIR_AGENT_SPOOL, or ./agent_spool.")
    var spool: String?

    @Option(help: ArgumentHelp("What may wait there; beyond it the oldest goes.", valueName: "size"))
    var spoolLimit = "64MB"

    /// What `interval` accepts.
    static let intervals = "a duration such as 15s, from 0.1 to 86400 seconds"

    /// A pause between reports; nil when the text is not one.
    static func interval(_ text: String) -> Duration? {
        TrackCommand.duration(text).flatMap {
            (.milliseconds(100)...(.seconds(86_400))).contains($0) ? $0 : nil
        }
    }

    func validate() throws {
        for (option, text) in [("heartbeat", heartbeatInterval), ("metrics", metricsInterval)] {
            guard text.map({ Self.interval($0) != nil }) ?? true else {
                throw ValidationError("--\(option)-interval takes \(Self.intervals).")
            }
        }
        if let capacity, capacity < 0 { throw ValidationError("--capacity takes 0 or more.") }
        guard pid.allSatisfy({ $0 > 0 }) else { throw ValidationError("--pid takes the id of a process.") }
        guard (ByteSize(spoolLimit)?.bytes ?? 0) >= 1 << 16 else {
            throw ValidationError("--spool-limit takes a size such as 64MB, from 64KB.")
        }
        for pattern in command where (try? Regex(pattern)) == nil {
            throw ValidationError("--command takes a regular expression.")
        }
    }

    func run() async throws {
        try await reportingFailures {
            let agent: Agent
            do {
                agent = try Agent(try agentConfiguration()) {
                    StandardStreams.writeError("weir agent: \($0)")
                }
            } catch let error as AgentError {
                throw CommandFailure(error.description)
            } catch let error as AgentVariables.Unusable {
                throw CommandFailure("\(error.name) takes \(error.accepts)", code: .configuration)
            }
            let signals = StopSignals {
                StandardStreams.writeError("weir agent: a second signal: stopping at once")
            }
            await agent.run { await signals.waitForFirst() }
        }
    }

    /// Options win over variables.
    private func agentConfiguration() throws -> AgentConfiguration {
        var configuration = try AgentVariables().configuration()
        if let url { configuration.url = AgentVariables.plain(url) }
        if let token { configuration.token = token }
        if let pool {
            if configuration.workerID == configuration.pool { configuration.workerID = pool }
            configuration.pool = pool
        }
        if let runtime { configuration.runtime = runtime }
        if let capacity { configuration.capacity = capacity }
        if let labels { configuration.labels = AgentVariables.list(labels) }
        if let pause = heartbeatInterval.flatMap(Self.interval) { configuration.heartbeatInterval = pause }
        if let pause = metricsInterval.flatMap(Self.interval) { configuration.metricsInterval = pause }
        if noMetrics { configuration.reportsMetrics = false }
        if let workerID { configuration.workerID = workerID }
        configuration.tasks = tasks
        if let socket { configuration.socket = socket }
        configuration.readsStandardInput = stdin
        if let textfileDirectory { configuration.textfileDirectory = textfileDirectory }
        if let spool { configuration.spoolDirectory = spool }
        if let limit = ByteSize(spoolLimit) { configuration.spoolLimit = limit.bytes }
        return configuration
    }

    private var tasks: [TaskSelection] {
        pid.map { TaskSelection(.pid($0)) } + name.map { TaskSelection(.name($0)) }
            + command.map { TaskSelection(.command($0)) } + cgroup.map { TaskSelection(.cgroup($0)) }
    }
}
