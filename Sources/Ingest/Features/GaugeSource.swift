package import Metrics
package import Postgres

/// Gauges that are read from PostgreSQL at intervals, so that a scrape never waits for it.
package struct GaugeSource: Sendable {
    /// What `/metrics` shows while PostgreSQL is away.
    package enum Outage: Sendable {
        /// Nothing: old values would be wrong.
        case nothing
        /// The last values, which include the time when they were read.
        case lastReading
    }

    /// What `/metrics` shows while PostgreSQL is away.
    package let outage: Outage
    /// Reads the gauges with one connection.
    package let read: @Sendable (_ connection: Connection) throws -> MetricsSnapshot

    /// Makes a source.
    package init(
        during outage: Outage = .nothing,
        read: @escaping @Sendable (_ connection: Connection) throws -> MetricsSnapshot
    ) {
        self.outage = outage
        self.read = read
    }

    /// One gauge with fixed labels.
    package init(
        _ name: String,
        help: String,
        labels: [(String, String)] = [],
        read: @escaping @Sendable (_ connection: Connection) throws -> Double
    ) {
        self.init { connection in
            var snapshot = MetricsSnapshot()
            snapshot.gauge(name, help: help, labels: labels, try read(connection))
            return snapshot
        }
    }
}
