import Metrics
import Postgres

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
            help: "Tasks that got no connection in time.",
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
