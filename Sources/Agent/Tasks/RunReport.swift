internal import Core
package import Processes

/// Reports what a command used as samples of this machine's component, if the server takes them.
package enum RunReport {
    /// Sends the samples once, and waits for a moment only.
    ///
    /// - Returns: whether the server took them: it does not where the component is not registered.
    @discardableResult
    package static func send(
        _ usage: ResourceUsage,
        wallSeconds: Double,
        task: String,
        _ configuration: AgentConfiguration
    ) async -> Bool {
        let server = AgentServer(configuration)
        let percent = wallSeconds > 0 ? (1000 * usage.cpuSeconds / wallSeconds).rounded() / 10 : 0
        let body = server.encoder.report(metrics(of: usage, percent: percent, task: task), at: .now())
        if case .taken = await server.report(body, until: .now + .seconds(2)) { return true }
        return false
    }

    /// Those that still mean something when everything has ended.
    static func metrics(of usage: ResourceUsage, percent: Double, task: String) -> [AgentMetric] {
        let present = ["noetl_task_memory_rss_bytes", "noetl_task_processes", "noetl_task_threads"]
        return TaskMetrics.metrics(of: usage, percent: percent, task: task).filter {
            !present.contains($0.name)
        }
    }
}
