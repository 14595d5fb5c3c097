internal import Glibc
internal import Postgres
internal import Synchronization

extension PrivateCluster {
    /// Returns the directory of the socket.
    func startServer(as user: ServiceUser, _ state: inout State) throws(ClusterError) -> String {
        let binaries = try findBinaries()
        if access("\(dataDirectory)/PG_VERSION", F_OK) != 0 {
            try initialize(binaries, user)
        }
        let socketDirectory = try makeSocketDirectory(user)
        rename(logPath, logPath + ".1")
        let log = open(logPath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard log >= 0 else { throw .file(path: logPath, operation: "open", errno: errno) }
        defer { close(log) }
        let settings = configuration.serverSettings(socketDirectory: socketDirectory)
            .sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
        let command = [binaries.path(of: "postgres"), "-D", dataDirectory] + settings
        state.child = try ChildProcess.spawn(user.commandPrefix + command, output: log, inOwnSession: true)
        return socketDirectory
    }

    /// Waits until the server accepts a connection, then makes the database if it is missing.
    func waitUntilReady(_ maintenance: ConnectionTarget, _ state: inout State) throws(ClusterError) {
        while true {
            do {
                try Connection.withTemporary(maintenance, SessionSettings(connectTimeout: .seconds(5))) {
                    try makeDatabase($0)
                }
                return
            } catch let error as PostgresError where error.kind == .unreachable {
                try checkStarting(&state)
                pause(milliseconds: 20)
            } catch let error as PostgresError {
                throw .refused(error)
            } catch {
                preconditionFailure("BUG: \(error)")
            }
        }
    }

    private func checkStarting(_ state: inout State) throws(ClusterError) {
        if isAbandoned.load(ordering: .relaxed) { throw .didNotStart(log: "(interrupted)") }
        if ContinuousClock.now > state.startDeadline { throw .didNotStart(log: SmallFile.tail(logPath)) }
        // The child ends at once when the server refuses its settings or its data.
        let hasEnded = state.child.map { isGone($0) } ?? (runningServer() == nil)
        guard hasEnded else { return }
        let log = SmallFile.tail(logPath)
        // The sessions of a killed server take a moment to end, and a server that is not reaped yet still holds the
        // lock of its socket.
        let isPassing = log.contains("shared memory block") || log.contains(".lock\" already exists")
        guard isPassing else { throw .didNotStart(log: log) }
        reap(&state)
        pause(milliseconds: 100)
        _ = try startServer(as: ServiceUser.current(), &state)
    }

    private func makeDatabase(_ connection: Connection) throws(PostgresError) {
        let database = configuration.database
        let found = try connection.executeOnce(
            Statement("find the database", "SELECT FROM pg_database WHERE datname = $1"),
            [.text(database)]
        )
        if found.affectedRows > 0 { return }
        do throws(PostgresError) {
            try connection.executeScript("CREATE DATABASE \(Identifier.quoted(database))")
        } catch  where ["42P04", "23505"].contains(error.sqlState) {
            // Another process was faster, or is making it now (23505): the session of a killed Weir continues.
        }
    }

    // MARK: - Making the cluster

    private func findBinaries() throws(ClusterError) -> ServerBinaries {
        let version = SmallFile.lines("\(dataDirectory)/PG_VERSION")?.first.flatMap { Int($0) }
        do throws(ClusterError) {
            return try ServerBinaries.find(explicit: configuration.binaries, majorVersion: version)
        } catch {
            guard let version else { throw error }
            throw .versionMismatch(data: version, directory: dataDirectory)
        }
    }

    /// A cluster gets its name only when it is complete: an interrupted `initdb` leaves no partial cluster.
    ///
    /// Each process uses its own directory: the `initdb` of a killed Weir continues for a while, and would fail and
    /// remove a directory that it takes for its own.
    private func initialize(_ binaries: ServerBinaries, _ user: ServiceUser) throws(ClusterError) {
        _ = try ChildProcess.run(["/bin/sh", "-c", "rm -rf -- \"$0\".initializing*", dataDirectory])
        let unfinished = "\(dataDirectory).initializing-\(getpid())"
        var command =
            user.commandPrefix + [
                binaries.path(of: "initdb"), "-D", unfinished, "-U", configuration.user, "--auth-local=trust",
                "--auth-host=reject", "--encoding=UTF8", "--locale=C.UTF-8", "--lc-messages=C",
                "--data-checksums",
            ]
        if !configuration.isDurable { command.append("--no-sync") }
        let (status, output) = try ChildProcess.run(command)
        guard status == 0 else { throw .initializationFailed(output: String(output.suffix(2000))) }
        guard rename(unfinished, dataDirectory) == 0 else {
            throw .file(path: dataDirectory, operation: "rename to", errno: errno)
        }
        try synchronize(configuration.directory)
    }

    private func synchronize(_ directory: String) throws(ClusterError) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file(path: directory, operation: "open", errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .file(path: directory, operation: "sync", errno: errno) }
    }

    // MARK: - Socket

    /// A socket's path holds at most 107 bytes (unix(7)).
    static let longestSocketDirectory = 107 - "/.s.PGSQL.5432".utf8.count

    private func makeSocketDirectory(_ user: ServiceUser) throws(ClusterError) -> String {
        let directory = socketDirectory(user)
        try user.checkTraversal(to: directory)
        try user.makePrivateDirectory(directory)
        return directory
    }

    /// Inside the cluster's directory if the path is short and plain enough, else a short one that is always the same
    /// for this cluster. Commas and quotes have a meaning for both libpq and the server.
    func socketDirectory(_ user: ServiceUser) -> String {
        let own = "\(configuration.directory)/socket"
        let isPlain = own.utf8.allSatisfy { byte in
            let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            let isAlphanumeric = Unicode.Scalar(byte).properties.isAlphabetic || isDigit
            return byte < 0x80 && (isAlphanumeric || "/._-+".utf8.contains(byte))
        }
        if isPlain, own.utf8.count <= Self.longestSocketDirectory { return own }
        let digest = own.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        let name = "weir-\(user.userID)-\(String(digest, radix: 36))"
        // The unprivileged user cannot enter root's runtime directory.
        let base = user.isOther ? nil : configuration.runtimeDirectory
        if let base, base.utf8.count + name.utf8.count < Self.longestSocketDirectory {
            return "\(base)/\(name)"
        }
        return "/tmp/\(name)"
    }
}
