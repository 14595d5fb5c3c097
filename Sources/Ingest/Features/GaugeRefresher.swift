package import Logging
package import Metrics
package import Postgres
internal import Synchronization

/// Reads gauges from PostgreSQL at intervals: a scrape shows the last values and never waits.
package final class GaugeRefresher: Sendable {
    private let sources: [GaugeSource]
    private let interval: Duration
    private let logger: Logger
    // Guards the last values of each source; nil where they must not be shown.
    private let latest: Mutex<[MetricsSnapshot?]>

    /// Makes a refresher; `run` starts it.
    package init(_ sources: [GaugeSource], every interval: Duration, logger: Logger) {
        self.sources = sources
        self.interval = interval
        self.logger = logger
        latest = Mutex(Array(repeating: nil, count: sources.count))
    }

    /// The last values.
    package var snapshot: MetricsSnapshot {
        var snapshot = MetricsSnapshot()
        for reading in latest.withLock({ $0 }) {
            if let reading { snapshot.merge(reading) }
        }
        return snapshot
    }

    /// Reads at every interval until the task is cancelled.
    package func run(_ pool: Pool) async {
        while !Task.isCancelled {
            await refresh(pool)
            try? await Task.sleep(for: interval)
        }
    }

    /// Reads every source once.
    package func refresh(_ pool: Pool) async {
        for (index, source) in sources.enumerated() {
            do {
                let reading = try await pool.withConnection(source.read)
                latest.withLock { $0[index] = reading }
            } catch let error as PostgresError where error.kind == .unreachable {
                // Each of the others would wait for the same server.
                for index in index..<sources.count { failed(index, error) }
                return
            } catch {
                failed(index, error)
            }
        }
    }

    private func failed(_ index: Int, _ error: any Error) {
        if sources[index].outage == .nothing { latest.withLock { $0[index] = nil } }
        logger.debug("gauges not read", metadata: ["error": "\(error)"])
    }
}
