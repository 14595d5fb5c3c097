import Logging
import Metrics
import Postgres
import Synchronization

/// The pool's series.
enum PoolMetrics {
    static func collect(_ status: PoolStatus, into snapshot: inout MetricsSnapshot) {
        let name = "weir_pool_connections"
        let help = "Connections of the pool by state."
        snapshot.gauge(name, help: help, labels: [("state", "in_use")], Double(status.inUse))
        snapshot.gauge(name, help: help, labels: [("state", "idle")], Double(status.idle))
        snapshot.gauge("weir_pool_limit", help: "The most connections of the pool.", Double(status.limit))
        snapshot.gauge("weir_pool_waiting", help: "Tasks that wait for a connection.", Double(status.waiting))
        snapshot.counter(
            "weir_pool_acquisitions_total",
            help: "Connections that were lent out.",
            Double(status.acquisitions)
        )
        snapshot.counter(
            "weir_pool_timeouts_total",
            help: "Tasks that waited in vain.",
            Double(status.timeouts)
        )
        snapshot.counter(
            "weir_pool_connect_failures_total",
            help: "Attempts to connect that failed.",
            Double(status.connectFailures)
        )
        snapshot.gauge(
            "weir_postgres_up",
            help: "Whether the last attempt reached PostgreSQL.",
            status.isReachable == true ? 1 : 0
        )
    }
}

/// Gauges that are read from PostgreSQL now and then, so that a scrape never waits for it.
final class GaugeRefresher: Sendable {
    /// Reads some gauges with one connection.
    typealias Source = @Sendable (_ connection: Connection) throws -> MetricsSnapshot

    private let sources: [Source]
    private let interval: Duration
    private let logger: Logger
    // Guards what was read last; empty while PostgreSQL is away, for old numbers would be lies.
    private let latest = Mutex(MetricsSnapshot())

    /// Makes a refresher; `run` starts it.
    init(_ sources: [Source], every interval: Duration, logger: Logger) {
        self.sources = sources
        self.interval = interval
        self.logger = logger
    }

    /// What was read last.
    var snapshot: MetricsSnapshot { latest.withLock { $0 } }

    /// Reads again and again until the task is cancelled.
    func run(_ pool: Pool) async {
        while !Task.isCancelled {
            do {
                try await refresh(pool)
            } catch {
                latest.withLock { $0 = MetricsSnapshot() }
                logger.debug("gauges not read", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: interval)
        }
    }

    /// Reads once.
    func refresh(_ pool: Pool) async throws {
        var fresh = MetricsSnapshot()
        for source in sources {
            fresh.merge(try await pool.withConnection(source))
        }
        latest.withLock { $0 = fresh }
    }
}
