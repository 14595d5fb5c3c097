internal import CLinux
internal import Glibc
internal import Processes
internal import Synchronization

/// Child processes beside Weir: they inherit none of its open descriptors, ignored signals or blocked signals.
enum ChildProcess {
    /// Starts a program with its output appended to the file `output`; returns its process id, for `wait` to reap.
    static func spawn(
        _ arguments: [String],
        output: Int32,
        environment: [String] = ChildProcess.environment,
        inOwnSession: Bool = false,
        at directory: String = "/"
    ) throws(ClusterError) -> pid_t {
        guard let program = arguments.first else { preconditionFailure("BUG: a program without a name") }
        var spawn = Spawn(arguments)
        spawn.environment = environment.map { Array($0.utf8) }
        spawn.descriptors = [(own: output, child: STDOUT_FILENO), (own: output, child: STDERR_FILENO)]
        spawn.silenced = [STDIN_FILENO]
        spawn.closesOthers = true
        spawn.directory = directory
        spawn.ignoresNothing = true
        spawn.startsSession = inOwnSession
        do throws(SpawnError) {
            return try spawn.start()
        } catch {
            throw .spawn(program: program, errno: error.errorNumber)
        }
    }

    /// Runs a program to its end; returns its exit status (128 + signal when killed) and its output.
    static func run(
        _ arguments: [String],
        environment: [String] = ChildProcess.environment
    ) throws(ClusterError) -> (status: Int32, output: String) {
        var ends: [Int32] = [-1, -1]
        guard linux_pipe2(&ends, O_CLOEXEC) == 0 else {
            throw .spawn(program: arguments.first ?? "", errno: errno)
        }
        defer { close(ends[0]) }
        let child = try spawnClosing(ends[1], arguments, environment)
        waitedFor.withLock { waited in
            waited.children.insert(child)
            if waited.isInterrupted { kill(child, SIGTERM) }
        }
        let output = SmallFile.readAll(ends[0], limit: 64 * 1024)
        return (wait(child), String(decoding: output, as: UTF8.self))
    }

    private struct WaitedFor {
        var children: Set<pid_t> = []
        var isInterrupted = false
    }

    // Guards the children that `run` waits for: none is reaped while another thread sends it a signal.
    private static let waitedFor = Mutex(WaitedFor())

    /// Sends SIGTERM to every program that `run` waits for, and to every one that it starts later.
    static func interruptAll() {
        waitedFor.withLock { waited in
            waited.isInterrupted = true
            for child in waited.children { kill(child, SIGTERM) }
        }
    }

    /// This process's copy of the writing end must be closed, or reading would never end.
    private static func spawnClosing(
        _ end: Int32,
        _ arguments: [String],
        _ environment: [String]
    ) throws(ClusterError) -> pid_t {
        defer { close(end) }
        return try spawn(arguments, output: end, environment: environment)
    }

    /// Waits for a child and returns its exit status, 128 + signal when killed.
    private static func wait(_ child: pid_t) -> Int32 {
        // Not reaped yet, so no other process can have its id.
        var information = siginfo_t()
        while waitid(P_PID, id_t(child), &information, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        waitedFor.withLock { _ = $0.children.remove(child) }
        var status: Int32 = 0
        while waitpid(child, &status, 0) == -1 {
            guard errno == EINTR else { return -1 }
        }
        return exitStatus(status)
    }

    /// The result of `waitpid` as a shell's exit status.
    static func exitStatus(_ status: Int32) -> Int32 {
        status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    }

    /// Reaps a child that has ended; returns whether it has.
    static func hasEnded(_ child: pid_t) -> Bool {
        waitpid(child, nil, WNOHANG) != 0
    }

    /// This process's variables, some of them replaced: libpq finds certificates, services and `.pgpass` as Weir
    /// does.
    static func inherited(_ variables: [String: String]) -> [String] {
        var lines: [String] = []
        // safe: nothing in Weir writes the environment, so it does not move while it is read.
        var entry = environ
        while let pointer = entry.pointee {
            let line = String(cString: pointer)
            if variables[String(line.prefix { $0 != "=" })] == nil { lines.append(line) }
            entry += 1
        }
        return lines + variables.map { "\($0.key)=\($0.value)" }
    }

    /// No variables of this process: `PG…` and `LC_…` variables would change the behaviour of the programs.
    static let environment = [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "TZ=UTC",
    ]
}
