internal import Core
internal import Synchronization
internal import WeirClient

/// Why an agent can't start.
package enum AgentError: Error, CustomStringConvertible {
    /// The spool can't be used.
    case spool(SpoolError)
    /// The socket can't be made; with the reason and the remedy.
    case socket(String)

    /// What happened, and what to do.
    package var description: String {
        switch self {
        case .spool(let error): error.description
        case .socket(let why): why
        }
    }
}

/// The worker's side of the NoETL protocol: registers this machine, sends heartbeats, reports metrics, and deregisters.
/// Contract noetl §5.
package final class Agent: Sendable {
    /// How long the last reports may take when the agent stops.
    private static let farewell = Duration.seconds(5)
    /// How often tasks are looked at: their peaks are those of these moments.
    private static let look = Duration.seconds(5)

    private let configuration: AgentConfiguration
    private let spool: ReportSpool
    private let server: AgentServer
    private let log: AgentLog
    private let custom = CustomMetrics()
    private let socket: MetricSocket?
    private let hurry = Hurry()
    // Guards how many tasks run, which the heartbeats report.
    private let activeTasks = Mutex(0)

    /// Makes an agent, and takes its spool and its socket; `write` gets lines for the operator.
    package init(
        _ configuration: AgentConfiguration,
        log write: @escaping @Sendable (String) -> Void
    ) throws(AgentError) {
        self.configuration = configuration
        do throws(SpoolError) {
            spool = try ReportSpool(configuration.spoolDirectory, limit: configuration.spoolLimit)
        } catch {
            throw .spool(error)
        }
        do throws(MetricSocket.Failure) {
            let path = configuration.reportsMetrics ? configuration.socket : nil
            socket = if let path { try MetricSocket(path, custom) } else { nil }
        } catch {
            throw .socket(error.description)
        }
        server = AgentServer(configuration)
        log = AgentLog(url: configuration.url, write)
    }

    /// Works until `stopped` returns; then sends what was not sent yet, and deregisters.
    package func run(until stopped: @escaping @Sendable () async -> Void) async {
        let (reports, sender) = AsyncStream.makeStream(of: [UInt8].self)
        let delivering = Task { await deliver(reports) }
        socket?.start()
        if configuration.readsStandardInput { StandardInput(metrics: custom, log: log).start() }
        let working = Task {
            await withTaskGroup { group in
                group.addTask { await self.beat(sender) }
                if self.configuration.reportsMetrics { group.addTask { await self.measure(sender) } }
            }
        }
        await stopped()
        working.cancel()
        socket?.stop()
        await working.value
        sender.finish()
        hurry.begin(.now + Self.farewell)
        await delivering.value
        await leave()
    }

    // MARK: - Heartbeats

    /// Registers, sends heartbeats, and reports the pool's metrics after each. Contract noetl §4.1, §5.2.
    private func beat(_ reports: AsyncStream<[UInt8]>.Continuation) async {
        var metrics = PoolMetrics(maxWorkers: configuration.maxWorkers)
        var isRegistered = false
        while !Task.isCancelled {
            if !isRegistered { isRegistered = await register() }
            var queueSize = 0
            let outcome = isRegistered ? await server.heartbeat() : nil
            if Task.isCancelled { return }
            switch outcome {
            case .taken:
                log.server(.registry, nil, waiting: spool.count)
                queueSize = await server.queueSize()
            case .unknown: isRegistered = await register()
            case .refused(let trouble), .away(let trouble, _):
                log.server(.registry, trouble, waiting: spool.count)
            case nil: break
            }
            if configuration.reportsMetrics {
                let active = activeTasks.withLock { $0 }
                yield(metrics.measure(activeTasks: active, queueSize: queueSize), to: reports)
            }
            try? await Task.sleep(for: configuration.heartbeatInterval)
        }
    }

    private func register() async -> Bool {
        let outcome = await server.register()
        if Task.isCancelled { return false }
        log.server(.registry, outcome.trouble, waiting: spool.count)
        guard case .taken = outcome else { return false }
        log.say("\(configuration.pool) is registered at \(ShownURL.text(configuration.url))")
        return true
    }

    private func leave() async {
        let outcome = await server.deregister()
        guard let trouble = outcome.trouble else { return log.say("\(configuration.pool) is deregistered") }
        log.say("\(configuration.pool) is not deregistered: \(log.sentence(trouble))")
    }

    // MARK: - Tasks and custom metrics

    /// Looks at tasks, and reports them and what programs sent, until it is cancelled; then once more.
    private func measure(_ reports: AsyncStream<[UInt8]>.Continuation) async {
        var tasks = TaskMetrics(configuration.tasks)
        let files = configuration.textfileDirectory.map { TextfileDirectory(directory: $0, log: log) }
        func report() {
            yield(tasks.measure() + (files?.measure(at: .now()) ?? []) + collect(), to: reports)
        }
        var reportAt = ContinuousClock.now + configuration.metricsInterval
        while !Task.isCancelled {
            activeTasks.withLock { $0 = tasks.active }
            let untilReport = max(.zero, reportAt - .now)
            try? await Task.sleep(
                for: configuration.tasks.isEmpty ? untilReport : min(Self.look, untilReport)
            )
            if Task.isCancelled { break }
            guard ContinuousClock.now >= reportAt else {
                tasks.look()
                continue
            }
            report()
            // After a sleep of the machine the missed reports are not made up for.
            reportAt = max(reportAt, .now - configuration.metricsInterval) + configuration.metricsInterval
        }
        report()
    }

    private func collect() -> [AgentMetric] {
        let (metrics, dropped) = custom.collect()
        if dropped > 0 {
            log.say("\(dropped) custom metrics were dropped: too many came between two reports")
        }
        return metrics
    }

    private func yield(_ metrics: [AgentMetric], to queue: AsyncStream<[UInt8]>.Continuation) {
        let now = Timestamp.now()
        for start in stride(from: 0, to: metrics.count, by: ReportEncoder.batch) {
            let part = metrics[start..<min(start + ReportEncoder.batch, metrics.count)]
            for report in reports(of: part, at: now) { queue.yield(report) }
        }
    }

    /// As one report, or as several that no server finds too large.
    private func reports(of metrics: ArraySlice<AgentMetric>, at now: Timestamp) -> [[UInt8]] {
        let report = server.encoder.report(metrics, at: now)
        guard report.count > ReportEncoder.mostBytes, metrics.count > 1 else { return [report] }
        let middle = metrics.startIndex + metrics.count / 2
        return reports(of: metrics[..<middle], at: now) + reports(of: metrics[middle...], at: now)
    }

    // MARK: - Delivery

    private func deliver(_ reports: AsyncStream<[UInt8]>) async {
        var delivery = Delivery(server: server, spool: spool, log: log, hurry: hurry)
        // What an earlier agent left goes first.
        await delivery.drain()
        for await report in reports { await delivery.take(report) }
    }
}
