import Dispatch
import Glibc
package import Postgres
package import PostgresCluster

/// The PostgreSQL in use: an external one, or one that Weir runs itself.
package enum DatabaseSource: Sendable {
    /// Named by `DATABASE_URL`.
    case external(ConnectionTarget)
    /// In the data directory.
    case privateCluster(PrivateCluster)

    /// Reads the settings; does not touch a private cluster yet.
    package init(_ settings: Settings, _ directory: DataDirectory) throws(ConnectionTargetError) {
        if let url = settings.databaseURL {
            self = .external(try ConnectionTarget(parsing: url))
        } else {
            var configuration = PrivateClusterConfiguration(
                directory: directory.cluster,
                marker: directory.clusterMarker,
                binaries: settings.postgresBinaries
            )
            configuration.runtimeDirectory = getenv("XDG_RUNTIME_DIR").map { String(cString: $0) }
            self = .privateCluster(PrivateCluster(configuration))
        }
    }

    /// The PostgreSQL of `DATABASE_URL`, which needs no data directory; nil without one.
    package init?(external settings: Settings) throws(ConnectionTargetError) {
        guard let url = settings.databaseURL else { return nil }
        self = .external(try ConnectionTarget(parsing: url))
    }

    /// The target of the server, even before it runs. Throws `ClusterError` where a private one cannot be run at all.
    package func target() throws(ClusterError) -> ConnectionTarget {
        switch self {
        case .external(let target): target
        case .privateCluster(let cluster): try cluster.target()
        }
    }

    /// Starts a private cluster if it is not running; a lost one is replaced by an empty one only with
    /// `replacingLost`. Blocks.
    package func ensureRunning(replacingLost: Bool = false) throws(ClusterError) {
        if case .privateCluster(let cluster) = self { try cluster.start(replacingLost: replacingLost) }
    }

    /// Whether there is a private cluster whose files are gone.
    var isLost: Bool {
        if case .privateCluster(let cluster) = self { cluster.isLost } else { false }
    }

    /// The place of the rows, for the banner; never a password.
    package var summary: String {
        switch self {
        case .external(let target): target.masked
        case .privateCluster(let cluster): "a private PostgreSQL in \(cluster.configuration.directory)"
        }
    }
}

/// Runs blocking work on a separate queue, away from lanes and from Swift's few cooperative threads.
package func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        blockingQueue.async { continuation.resume(with: Result { try work() }) }
    }
}

private let blockingQueue = DispatchQueue(label: "weir.blocking", attributes: .concurrent)
