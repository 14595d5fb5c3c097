import Dispatch
import Glibc
package import Postgres
import PostgresCluster
import Processes
import Synchronization

/// A temporary PostgreSQL: fsync off, a Unix socket only, removed with the test process.
///
/// `shared()` is one for the whole process, or the server named by `WEIR_TEST_DATABASE_URL`. Tests of outages make
/// their own. The next test process removes the clusters that a killed one left behind.
package final class TemporaryCluster: Sendable {
    /// The database `postgres`, as a superuser.
    package let target: ConnectionTarget
    private let cluster: PrivateCluster?

    private init(target: ConnectionTarget, cluster: PrivateCluster?) {
        self.target = target
        self.cluster = cluster
    }

    /// A failure is kept, too: one test reports the error, and the others do not retry for long.
    private static let sharedCluster = Result { try makeShared() }

    /// The process's cluster, started by the first caller; the others wait for it.
    package static func shared() throws -> TemporaryCluster { try sharedCluster.get() }

    private static func makeShared() throws -> TemporaryCluster {
        if let url = getenv("WEIR_TEST_DATABASE_URL").map({ String(cString: $0) }), !url.isEmpty {
            return TemporaryCluster(target: try ConnectionTarget(parsing: url), cluster: nil)
        }
        return try make()
    }

    /// A cluster for one test, which may stop, kill and start it.
    package static func make() throws -> TemporaryCluster {
        let directory = try TemporaryClusterDirectory.make()
        let cluster = PrivateCluster(
            PrivateClusterConfiguration(
                directory: directory,
                isDurable: false,
                stopTimeout: .seconds(5),
                settings: [
                    "max_connections": "200", "autovacuum": "off",
                    // Its other kinds of shared memory outlive a server that is killed.
                    "dynamic_shared_memory_type": "mmap",
                ]
            )
        )
        TemporaryClusterDirectory.removeAtExit(cluster)
        let target = try cluster.start().with(database: "postgres")
        return TemporaryCluster(target: target, cluster: cluster)
    }

    // MARK: - Faults

    /// Starts the server again and waits until it answers. Traps for the server of `WEIR_TEST_DATABASE_URL`.
    package func start() throws { _ = try owned.start() }

    /// Stops the server.
    package func stop() throws { try owned.stop() }

    /// Kills the server like a crash; the next start recovers.
    package func kill9() { owned.kill() }

    /// Stops the server and removes its files.
    package func remove() {
        owned.kill()
        TemporaryClusterDirectory.remove(owned.configuration.directory)
    }

    private var owned: PrivateCluster {
        guard let cluster else {
            preconditionFailure("BUG: a fault for the server of WEIR_TEST_DATABASE_URL")
        }
        return cluster
    }
}

/// Directories of temporary clusters: `weir-test-<pid>-<n>`, so that a later process can see their owners.
///
/// They are in memory where there is room for them: to make and drop a database's three hundred files takes ten times
/// as long on a disk.
enum TemporaryClusterDirectory {
    private static let places = ["/dev/shm", "/tmp"]
    private static let neededBytes: UInt = 4 << 30
    private static let prefix = "weir-test-"
    private static let made = Mutex<[PrivateCluster]>([])
    private static let count = Atomic<Int>(0)
    private static let registration: Void = {
        sweep()
        atexit { TemporaryClusterDirectory.removeAll() }
    }()

    static func make() throws -> String {
        registration
        let number = count.add(1, ordering: .relaxed).newValue
        let place = places.first { freeBytes(of: $0) >= neededBytes } ?? "/tmp"
        return "\(place)/\(prefix)\(getpid())-\(number)"
    }

    private static func freeBytes(of place: String) -> UInt {
        var facts = statvfs()
        guard statvfs(place, &facts) == 0 else { return 0 }
        return UInt(facts.f_bavail) * UInt(facts.f_frsize)
    }

    static func removeAtExit(_ cluster: PrivateCluster) {
        made.withLock { $0.append(cluster) }
    }

    static func remove(_ directory: String) {
        runAndWait(["/bin/rm", "-rf", "--", directory])
    }

    private static func removeAll() {
        let clusters = made.withLock { clusters in
            defer { clusters.removeAll() }
            return clusters
        }
        for cluster in clusters {
            cluster.kill()
            remove(cluster.configuration.directory)
        }
    }

    /// Best effort: a directory whose process is gone is abandoned.
    private static func sweep() {
        for place in places { sweep(place) }
    }

    private static func sweep(_ place: String) {
        guard let handle = opendir(place) else { return }
        defer { closedir(handle) }
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name.hasPrefix(prefix),
                let owner = pid_t(name.dropFirst(prefix.count).prefix { $0 != "-" }),
                kill(owner, 0) == -1, errno == ESRCH
            else { continue }
            PrivateCluster(PrivateClusterConfiguration(directory: "\(place)/\(name)")).kill()
            remove("\(place)/\(name)")
        }
    }

    private static func runAndWait(_ arguments: [String]) {
        var spawn = Spawn(arguments)
        spawn.environment = []
        guard let child = try? spawn.start() else { return }
        _ = ChildStatus.next(of: child)
    }
}
