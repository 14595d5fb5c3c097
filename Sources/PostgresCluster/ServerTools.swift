internal import Glibc
package import Postgres

/// `pg_dump` and `pg_restore` of one installed PostgreSQL. Secrets are passed in the environment, which other users
/// cannot see, and never on a command line.
package struct ServerTools: Hashable, Sendable {
    /// The directory of the programs.
    package let directory: String
    /// 15 for 15.4.
    package let majorVersion: Int

    /// The end of a program.
    package struct Outcome: Hashable, Sendable {
        /// The exit status; 128 + signal when it was killed.
        package let status: Int32
        /// The last 64 KiB of both of its outputs.
        package let output: String

        /// Its last meaningful line, for an operator.
        package var complaint: String {
            let lines = output.split(whereSeparator: \.isNewline)
            let errors = lines.filter { $0.contains("error:") }
            return String(errors.first ?? lines.last ?? "exit status \(status)")
        }
    }

    /// Finds programs that can dump a server of `serverMajor`: of the same version if possible, else of the next newer one.
    ///
    /// `explicit` is a directory from the operator (`WEIR_PG_BIN`). Blocks while it runs the programs for their
    /// versions.
    /// - Throws: `ClusterError.noTools`.
    package static func find(explicit: String?, serverMajor: Int) throws(ClusterError) -> ServerTools {
        let path = (getenv("PATH").map { String(cString: $0) } ?? "").split(separator: ":").map(String.init)
        let directories = (explicit.map { [$0] } ?? []) + ServerBinaries.usualDirectories() + path
        var best: ServerTools?
        for directory in directories {
            guard let found = probe(directory), found.majorVersion >= serverMajor else { continue }
            if found.majorVersion == serverMajor { return found }
            if found.majorVersion < best?.majorVersion ?? .max { best = found }
        }
        guard let best else { throw .noTools(serverMajor: serverMajor) }
        return best
    }

    /// Sends SIGTERM to all running programs, and to those that are started later: this process is about to end.
    package static func interruptAll() {
        ChildProcess.interruptAll()
    }

    private static func probe(_ directory: String) -> ServerTools? {
        guard access("\(directory)/pg_restore", X_OK) == 0, access("\(directory)/pg_dump", X_OK) == 0,
            let answer = try? ChildProcess.run(["\(directory)/pg_dump", "--version"]), answer.status == 0,
            let version = ServerBinaries.majorVersion(in: answer.output)
        else { return nil }
        return ServerTools(directory: directory, majorVersion: version)
    }

    /// Runs `pg_dump` against a database, to its end. Blocks.
    package func dump(_ target: ConnectionTarget, _ arguments: [String]) throws(ClusterError) -> Outcome {
        try run("pg_dump", target, arguments)
    }

    /// Runs `pg_restore`, against a database or, with nil, on a file alone. Blocks.
    package func restore(_ target: ConnectionTarget?, _ arguments: [String]) throws(ClusterError) -> Outcome {
        try run("pg_restore", target, arguments)
    }

    private func run(
        _ program: String,
        _ target: ConnectionTarget?,
        _ arguments: [String]
    ) throws(ClusterError) -> Outcome {
        var command = ["\(directory)/\(program)"] + arguments
        // A dump in the encoding of the role would lose characters that this encoding lacks.
        var variables = ["LC_ALL": "C", "PGAPPNAME": "weir-\(program)", "PGCLIENTENCODING": "UTF8"]
        if let target {
            command.append("--dbname=\(target.withoutSecrets.unmaskedURL)")
            variables["PGPASSWORD"] = target.parameter("password")
        }
        let result = try ChildProcess.run(command, environment: ChildProcess.inherited(variables))
        return Outcome(status: result.status, output: result.output)
    }
}
