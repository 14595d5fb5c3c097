internal import Glibc
package import Postgres
internal import Synchronization

/// A PostgreSQL of Weir's own: made once from the installed binaries, reached through a Unix socket only.
///
/// All methods block and are serialised by a lock; call them from a thread that may wait. A server that outlived
/// the Weir that started it is adopted.
package final class PrivateCluster: Sendable {
    /// How the cluster is made and run.
    package let configuration: PrivateClusterConfiguration
    /// Guards the child's process id, and by being held keeps start and stop apart.
    let state = Mutex(State())
    /// Whether nobody waits any more for a server that is starting.
    let isAbandoned = Atomic(false)

    struct State {
        /// The process we started, until it is reaped: the server, or the `runuser` above it.
        var child: pid_t?
        var startDeadline = ContinuousClock.now
        /// Whether the server ran under this owner.
        var hasRun = false
    }

    /// Names a cluster; nothing is touched yet.
    package init(_ configuration: PrivateClusterConfiguration) {
        precondition(configuration.directory.hasPrefix("/"), "BUG: a private cluster needs an absolute path")
        self.configuration = configuration
    }

    /// The log of the running server; the one before is kept beside it as `.1`.
    package var logPath: String { "\(configuration.directory)/postgres.log" }

    var dataDirectory: String { "\(configuration.directory)/data" }

    /// Whether the cluster's files are there.
    package var hasFiles: Bool { access("\(dataDirectory)/PG_VERSION", F_OK) == 0 }

    /// Whether the cluster was made before, and its files are gone. Waits for a start that is under way.
    package var isLost: Bool { state.withLock { isLost($0) } }

    private func isLost(_ state: State) -> Bool {
        guard !hasFiles else { return false }
        return state.hasRun || configuration.marker.map { access($0, F_OK) == 0 } == true
    }

    /// Makes the cluster if there is none, starts the server if it is not running, waits until it answers and
    /// makes the database. Answers how to reach it. Idempotent.
    ///
    /// An empty cluster takes the place of a lost one only with `replacingLost`.
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

    /// Asks the server to stop (fast, after a while immediate) and waits for its end. Idempotent.
    /// - Throws: `ClusterError.didNotStop`.
    package func stop() throws(ClusterError) {
        try state.withLock { state throws(ClusterError) in
            if let server = runningServer() {
                // Fast shutdown: sessions are ended, nothing has to be recovered.
                if !end(server.processID, SIGINT, within: configuration.stopTimeout, &state),
                    !end(server.processID, SIGQUIT, within: .seconds(10), &state)
                {
                    throw .didNotStop(processID: server.processID)
                }
            }
            // A server whose files vanished is in nobody's file any more.
            if let child = state.child, !hasFiles, !isGone(child) {
                _ =
                    end(child, SIGINT, within: .seconds(5), &state)
                    || end(child, SIGQUIT, within: .seconds(5), &state)
            }
            reap(&state)
        }
    }

    /// Lets a `start` that another thread waits for fail, so that `stop` gets its turn.
    package func abandonStart() {
        isAbandoned.store(true, ordering: .relaxed)
    }

    /// Kills the server without any chance to tidy up, as a crash of the machine would.
    package func kill() {
        state.withLock { state in
            guard let server = runningServer() else { return }
            _ = end(server.processID, SIGKILL, within: .seconds(10), &state)
            reap(&state)
        }
    }

    /// How the server is reached, or will be once it is started; nothing is started.
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

    /// The kernel names a process's directory without symbolic links.
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

    /// Sends a signal and waits for the end of the process; answers whether it came in time.
    private func end(_ process: pid_t, _ signal: Int32, within timeout: Duration, _ state: inout State)
        -> Bool
    {
        let deadline = ContinuousClock.now + timeout
        Glibc.kill(process, signal)
        while ContinuousClock.now < deadline {
            reap(&state)
            if isGone(process) {
                // The child of another owner in this process has nobody else to reap it.
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
