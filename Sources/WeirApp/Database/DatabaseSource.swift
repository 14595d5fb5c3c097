import Dispatch
import Glibc
package import Postgres

/// Which PostgreSQL is used: yours, or one that Weir runs itself.
package enum DatabaseSource: Sendable {
    /// Named by `DATABASE_URL`.
    case external(ConnectionTarget)
    /// In the data directory.
    case privateCluster(PrivateCluster)

    /// Reads the settings; a private cluster is not touched yet.
    package init(_ settings: Settings, _ directory: DataDirectory) throws(ConnectionTargetError) {
        if let url = settings.databaseURL {
            self = .external(try ConnectionTarget(parsing: url))
        } else {
            var configuration = PrivateClusterConfiguration(
                directory: directory.cluster,
                binaries: settings.postgresBinaries
            )
            configuration.runtimeDirectory = getenv("XDG_RUNTIME_DIR").map { String(cString: $0) }
            self = .privateCluster(PrivateCluster(configuration))
        }
    }

    /// How the server is or will be reached. Throws `ClusterError` where a private one cannot be run at all.
    package func target() throws(ClusterError) -> ConnectionTarget {
        switch self {
        case .external(let target): target
        case .privateCluster(let cluster): try cluster.target()
        }
    }

    /// Starts a private cluster if it is not running. Blocks.
    package func ensureRunning() throws(ClusterError) {
        if case .privateCluster(let cluster) = self { try cluster.start() }
    }

    /// Where rows go, for the banner; never a password.
    package var summary: String {
        switch self {
        case .external(let target): target.masked
        case .privateCluster(let cluster): "a private PostgreSQL in \(cluster.configuration.directory)"
        }
    }
}

/// Runs blocking work on a queue of its own kind, away from lanes and from Swift's few cooperative threads.
func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        blockingQueue.async { continuation.resume(with: Result { try work() }) }
    }
}

private let blockingQueue = DispatchQueue(label: "weir.blocking", attributes: .concurrent)
