internal import Glibc
package import Postgres
internal import Synchronization

/// A private PostgreSQL: made once with the installed binaries, reachable through a Unix socket only.
///
/// All methods block and are serialised by a lock; call them from a thread that may wait. A server that outlived the
/// Weir that started it is adopted.
package final class PrivateCluster: Sendable {
    /// How the cluster is made and run.
    package let configuration: PrivateClusterConfiguration
    /// Guards the child's process id; start and stop exclude each other by holding it.
    let state = Mutex(State())
    /// Whether the start of the server was abandoned.
    let isAbandoned = Atomic(false)

    struct State {
        /// The process that this Weir started, until it is reaped: the server, or the `runuser` above it.
        var child: pid_t?
        var startDeadline = ContinuousClock.now
        /// Whether the server has run under this owner.
        var hasRun = false
    }

    /// Describes a cluster; changes nothing yet.
    package init(_ configuration: PrivateClusterConfiguration) {
        precondition(configuration.directory.hasPrefix("/"), "BUG: a private cluster needs an absolute path")
        self.configuration = configuration
    }

    /// The log of the running server; the previous one is kept beside it as `.1`.
    package var logPath: String { "\(configuration.directory)/postgres.log" }

    var dataDirectory: String { "\(configuration.directory)/data" }

    /// Whether the cluster's files exist.
    package var hasFiles: Bool { access("\(dataDirectory)/PG_VERSION", F_OK) == 0 }

    /// Whether the cluster was made before, and its files are gone. Waits for a running start.
    package var isLost: Bool { state.withLock { isLost($0) } }

    private func isLost(_ state: State) -> Bool {
        guard !hasFiles else { return false }
        return state.hasRun || configuration.marker.map { access($0, F_OK) == 0 } == true
    }

    /// Makes the cluster if there is none, starts the server if it is not running, waits until it answers and makes
    /// the database. Returns the target of its connections. Idempotent.
    ///
    /// A lost cluster is replaced by an empty one only with `replacingLost`.
    /// - Throws: `ClusterError`.
    @discardableResult
    package func start(replacingLost: Bool = false) throws(ClusterError) -> ConnectionTarget {
        try state.withLock { state throws(ClusterError) in
            if !replacingLost, isLost(state) { throw .lost(directory: configuration.directory) }
            state.startDeadline = ContinuousClock.now + configuration.startTimeout
            let user = try ServiceUser.current()
            try user.checkTraversal(to: configuration.directory)
            try user.checkOwner(of: configuration.directory)
            try user.makePrivateDirectory(configuration.directory)
            let socketDirectory: String
            if let running = runningServer() {
                socketDirectory = running.socketDirectory
            } else {
                socketDirectory = try startServer(as: user, &state)
            }
            let target = makeTarget(socketDirectory)
            try waitUntilReady(target.with(database: "postgres"), &state)
            state.hasRun = true
            try makeMarker()
            return target
        }
    }

    /// Sends the server a stop request (fast, after a while immediate) and waits for its end. Idempotent.
    /// - Throws: `ClusterError.didNotStop`.
    package func stop() throws(ClusterError) {
        try state.withLock { state throws(ClusterError) in
            if let server = runningServer() {
                // Fast shutdown: sessions are ended, and the next start needs no recovery.
                if !end(server.processID, SIGINT, within: configuration.stopTimeout, &state),
                    !end(server.processID, SIGQUIT, within: .seconds(10), &state)
                {
                    throw .didNotStop(processID: server.processID)
                }
            }
            // A server whose files have vanished has no `postmaster.pid`.
            if let child = state.child, !hasFiles, !isGone(child) {
                _ =
                    end(child, SIGINT, within: .seconds(5), &state)
                    || end(child, SIGQUIT, within: .seconds(5), &state)
            }
            reap(&state)
        }
    }

    /// Makes a `start` on another thread fail, so that `stop` can run.
    package func abandonStart() {
        isAbandoned.store(true, ordering: .relaxed)
    }

    /// Kills the server without a shutdown, like a crash of the machine.
    package func kill() {
        state.withLock { state in
            guard let server = runningServer() else { return }
            _ = end(server.processID, SIGKILL, within: .seconds(10), &state)
            reap(&state)
        }
    }

    /// The target of the server, even before it is started.
    /// - Throws: `ClusterError` where no cluster can be run at all.
    package func target() throws(ClusterError) -> ConnectionTarget {
        try state.withLock { _ throws(ClusterError) in
            let user = try ServiceUser.current()
            return makeTarget(runningServer()?.socketDirectory ?? socketDirectory(user))
        }
    }

    /// Whether the server's process exists; it may still be starting.
    package var isRunning: Bool {
        state.withLock { state in
            reap(&state)
            return runningServer() != nil
        }
    }

    // MARK: - Process

    func runningServer() -> PostmasterFile? {
        guard let file = PostmasterFile(dataDirectory: dataDirectory), file.isRunning(in: realDataDirectory)
        else { return nil }
        return file
    }

    /// The path of a process's directory in the kernel, without symbolic links.
    private var realDataDirectory: String {
        guard let resolved = realpath(dataDirectory, nil) else { return dataDirectory }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private func makeTarget(_ socketDirectory: String) -> ConnectionTarget {
        ConnectionTarget(
            socketDirectory: socketDirectory,
            user: configuration.user,
            database: configuration.database
        )
    }

    /// Sends a signal and waits for the end of the process; returns whether it ended in time.
    private func end(_ process: pid_t, _ signal: Int32, within timeout: Duration, _ state: inout State)
        -> Bool
    {
        let deadline = ContinuousClock.now + timeout
        Glibc.kill(process, signal)
        while ContinuousClock.now < deadline {
            reap(&state)
            if isGone(process) {
                // The child of another owner in this process is reaped only here.
                _ = ChildProcess.hasEnded(process)
                return true
            }
            pause(milliseconds: 10)
        }
        return false
    }

    func reap(_ state: inout State) {
        if let child = state.child, ChildProcess.hasEnded(child) { state.child = nil }
    }

    /// Whether the process has ended, reaped or not; the parent may be another owner of the same cluster.
    func isGone(_ process: pid_t) -> Bool {
        // The state follows the program's name in parentheses (proc(5)).
        guard let line = SmallFile.lines("/proc/\(process)/stat")?.first, let end = line.lastIndex(of: ")")
        else { return true }
        return line[end...].dropFirst(2).first == "Z"
    }

    func pause(milliseconds: Int) {
        var time = timespec(tv_sec: 0, tv_nsec: milliseconds * 1_000_000)
        nanosleep(&time, nil)
    }
}
