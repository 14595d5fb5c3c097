/// How an agent works: where it reports, as whom, how often, and what it measures. Contract noetl §5.5.
package struct AgentConfiguration: Sendable {
    /// The address of the server, without a slash at its end; `/api` is appended where it is missing.
    package var url = "http://127.0.0.1:8000"
    /// A token with the scope `ingest`; nil sends none.
    package var token: String?
    /// The name under which this machine is registered.
    package var pool: String
    /// `cpu`, `gpu`, `qpu`, … .
    package var runtime = "cpu"
    /// The label `worker_id` of every metric.
    package var workerID: String
    /// The name of this machine.
    package var host: String
    /// The Kubernetes namespace; nil outside of one.
    package var namespace: String?
    /// How many tasks the machine takes; nil says nothing of it.
    package var capacity: Int?
    /// What `noetl_worker_max_workers` says.
    package var maxWorkers = 8
    /// Labels of the registration.
    package var labels: [String] = []
    /// The pause between heartbeats; the pool's metrics follow each.
    package var heartbeatInterval = Duration.seconds(15)
    /// The pause between reports of tasks and custom metrics.
    package var metricsInterval = Duration.seconds(60)
    /// Whether metrics are reported at all.
    package var reportsMetrics = true
    /// The processes and groups that are measured.
    package var tasks: [TaskSelection] = []
    /// The path of the Unix socket that takes metrics; nil for none.
    package var socket: String?
    /// Whether metrics are read from standard input.
    package var readsStandardInput = false
    /// The directory whose `*.prom` files are reported; nil for none.
    package var textfileDirectory: String?
    /// The directory for reports that the server could not take.
    package var spoolDirectory = "./agent_spool"
    /// The most bytes that wait there.
    package var spoolLimit = 64 << 20

    /// Configures an agent for a machine.
    package init(pool: String, workerID: String, host: String) {
        self.pool = pool
        self.workerID = workerID
        self.host = host
    }

    /// Where the protocol's paths begin.
    var base: String { url.hasSuffix("/api") ? url : "\(url)/api" }

    /// Where the machine says that it is.
    var address: String { namespace.map { "k8s://\($0)/\(host)" } ?? "local://\(host)" }
}

/// Which processes make a task.
package struct TaskSelection: Sendable, Equatable {
    /// How they are found.
    package enum Rule: Sendable, Equatable {
        /// The process with this id.
        case pid(Int32)
        /// The processes whose program has this name.
        case name(String)
        /// The processes whose command line contains a match of this regular expression.
        case command(String)
        /// A control group, by its path below the hierarchy's root or as a whole.
        case cgroup(String)
    }

    /// How they are found.
    package let rule: Rule

    /// Selects processes.
    package init(_ rule: Rule) { self.rule = rule }

    /// The label `task` of its metrics.
    package var name: String {
        switch rule {
        case .pid(let process): "pid:\(process)"
        case .name(let name): "name:\(name)"
        case .command(let pattern): "command:\(pattern)"
        case .cgroup(let path): "cgroup:\(path)"
        }
    }
}
