import Agent
import ArgumentParser
import WeirApp
import WeirClient

/// The variables of a worker's environment. Contract noetl §5.5.
struct AgentVariables {
    /// A variable whose value can't be used.
    struct Unusable: Error {
        let name: String
        let accepts: String
    }

    private let variables: [String: String]

    init(_ variables: [String: String] = ProcessEnvironment.variables) {
        self.variables = variables
    }

    /// The configuration that the environment asks for.
    func configuration() throws(Unusable) -> AgentConfiguration {
        let host = value("HOSTNAME") ?? ClientConfiguration().host
        let runtime = value("NOETL_WORKER_POOL_RUNTIME") ?? "cpu"
        let pool = value("NOETL_WORKER_POOL_NAME") ?? "worker-\(host)"
        let worker = value("NOETL_WORKER_ID") ?? pool
        var configuration = AgentConfiguration(pool: pool, workerID: worker, host: host)
        configuration.runtime = runtime
        if let url = value("WEIR_URL", "NOETL_SERVER_URL") { configuration.url = Self.plain(url) }
        configuration.token = ServerVariables.token
        configuration.namespace = value("POD_NAMESPACE")
        configuration.capacity = try count("NOETL_WORKER_CAPACITY")
        configuration.maxWorkers = try count("NOETL_MAX_WORKERS") ?? configuration.capacity ?? 8
        configuration.labels = Self.list(value("NOETL_WORKER_LABELS") ?? "")
        if let pause = try duration("NOETL_WORKER_HEARTBEAT_INTERVAL") {
            configuration.heartbeatInterval = pause
        }
        if let pause = try duration("NOETL_WORKER_METRICS_INTERVAL") { configuration.metricsInterval = pause }
        configuration.reportsMetrics = !(try flag("NOETL_DISABLE_METRICS"))
        if let directory = value("WEIR_AGENT_SPOOL") { configuration.spoolDirectory = directory }
        configuration.socket = value("WEIR_AGENT_SOCKET")
        configuration.textfileDirectory = value("WEIR_AGENT_TEXTFILES")
        return configuration
    }

    /// An address without a slash at its end; without a scheme it is http.
    static func plain(_ url: String) -> String {
        let whole = url.contains("://") ? url : "http://\(url)"
        return whole.hasSuffix("/") ? String(whole.dropLast()) : whole
    }

    /// The words between commas.
    static func list(_ text: String) -> [String] {
        text.split(separator: ",").map { $0.drop { $0 == " " } }
            .map { word in String(word.reversed().drop { $0 == " " }.reversed()) }.filter { !$0.isEmpty }
    }

    private func value(_ names: String...) -> String? {
        names.lazy.compactMap { variables[$0] }.first { !$0.isEmpty }
    }

    private func count(_ name: String) throws(Unusable) -> Int? {
        guard let text = value(name) else { return nil }
        guard let count = Int(text), count >= 0 else {
            throw Unusable(name: name, accepts: "a number, 0 or more")
        }
        return count
    }

    private func duration(_ name: String) throws(Unusable) -> Duration? {
        guard let text = value(name) else { return nil }
        guard let duration = AgentCommand.interval(text) else {
            throw Unusable(name: name, accepts: AgentCommand.intervals)
        }
        return duration
    }

    private func flag(_ name: String) throws(Unusable) -> Bool {
        switch value(name)?.lowercased() {
        case nil, "false", "0", "no", "off": return false
        case "true", "1", "yes", "on": return true
        default: throw Unusable(name: name, accepts: "true or false")
        }
    }
}
