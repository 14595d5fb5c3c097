internal import Core
internal import Logging
internal import Postgres

/// Keeps this server's row in the registry, and reports its metrics as a worker would. Contract noetl §2.6, §4.3.
///
/// Nobody sent these and nobody waits for them: they go straight to PostgreSQL, so that an idle Weir writes nothing to
/// its journal.
struct ServerReporter: Sendable {
    let server: ServerComponent
    let metrics: ServerMetrics
    let registry: ComponentRegistry
    let latest: LatestValues
    let ids: Snowflake
    let rows: WorkerRows
    let heartbeatEvery: Duration
    let reportEvery: Duration
    let logger: Logger

    /// Registers, reports until the task is cancelled, and deregisters.
    func run() async {
        var registered: Component?
        var reportAt = ContinuousClock.now
        while !Task.isCancelled {
            metrics.read()
            do {
                let component = try await alive(registered)
                registered = component
                if ContinuousClock.now >= reportAt {
                    try await report(component)
                    reportAt = .now + reportEvery
                }
            } catch {
                logger.debug("this server's own metrics are not stored", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: min(heartbeatEvery, max(reportAt - .now, .milliseconds(100))))
        }
        guard registered != nil else { return }
        // Outside of the cancelled task, whose connections are refused.
        await Task { try? await rows.apply([.deregister(server.key)], at: .now()) }.value
    }

    /// Registers the first time, and sends a heartbeat after that.
    private func alive(_ registered: Component?) async throws -> Component {
        if let registered {
            try await rows.apply([.heartbeat(registered)], at: .now())
            return registered
        }
        var component = Component(key: server.key, id: ids.mint())
        if case .found(let known) = await registry.find(server.key) { component = known }
        try await rows.apply([.register(component, server.registration)], at: .now())
        registry.learn(component)
        return component
    }

    /// The nine series of the contract.
    private func report(_ component: Component) async throws {
        let now = Timestamp.now()
        let workers = try await rows.pool.withConnection { try RegistryStore.countActive(on: $0) }
        var all = metrics.metrics(at: now, labels: server.labels)
        all += [
            ServerMetrics.gauge(
                "noetl_server_active_workers",
                Double(workers),
                "workers",
                "Number of active workers",
                labels: server.labels
            ),
            // There is no queue of jobs.
            ServerMetrics.gauge(
                "noetl_server_queue_size",
                0,
                "jobs",
                "Current queue size",
                labels: server.labels
            ),
        ]
        let report = MetricReport(runtimeID: nil, componentName: nil, componentType: nil, metrics: all)
        let samples = report.samples(of: component.key, arrivedAt: now)
        let blocks = SampleBlock.blocks(samples, ids: [ids.mint(samples.count)])
        try await rows.apply([.report(component, blocks: blocks)], at: now)
        latest.record(samples, of: component, arrivedAt: now)
    }
}
