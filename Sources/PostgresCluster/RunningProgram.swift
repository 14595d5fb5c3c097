internal import Glibc

/// A running program that its owner polls.
package struct RunningProgram: Sendable {
    private let process: pid_t

    /// Starts a program with this process's environment and `variables` in addition; its output is appended to the
    /// file `log`.
    ///
    /// - Throws: `ClusterError.spawn`, `.file`.
    package static func start(
        _ arguments: [String],
        variables: [String: String],
        log: String
    ) throws(ClusterError) -> RunningProgram {
        let output = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw .file(path: log, operation: "open", errno: errno) }
        defer { close(output) }
        return RunningProgram(
            process: try ChildProcess.spawn(
                arguments,
                output: output,
                environment: ChildProcess.inherited(variables),
                inOwnSession: true,
                at: "."
            )
        )
    }

    /// The exit status, 128 + signal when it was killed; nil while it runs. Only the first call returns it, later
    /// ones return -1.
    package func exitStatus() -> Int32? {
        var status: Int32 = 0
        let answer = waitpid(process, &status, WNOHANG)
        if answer == 0 { return nil }
        guard answer == process else { return -1 }
        return ChildProcess.exitStatus(status)
    }

    /// Sends SIGTERM to its process group, and waits for its end.
    package func stop() {
        kill(-process, SIGTERM)
        var status: Int32 = 0
        while waitpid(process, &status, 0) == -1, errno == EINTR {}
    }
}
