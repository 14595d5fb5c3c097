import Foundation
package import Postgres
import Processes

/// A PgBouncer in front of a temporary database, for tests of its effects on sessions.
package final class Pgbouncer: Sendable {
    /// The target through PgBouncer.
    package let target: ConnectionTarget
    private let process: pid_t
    private let directory: String

    private static let program = "/usr/sbin/pgbouncer"

    /// Whether PgBouncer is installed on this machine.
    package static var isInstalled: Bool { access(program, X_OK) == 0 }

    /// Starts one in front of `behind`, which is reached by a Unix socket.
    package init(_ behind: ConnectionTarget, mode: String) throws {
        let name = "weir-bouncer-\(UUID().uuidString.prefix(8))"
        directory = "/tmp/\(name)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let port = Int.random(in: 20_000..<60_000)
        try Self.configuration(behind, mode, directory, port).write(
            toFile: "\(directory)/b.ini",
            atomically: true,
            encoding: .utf8
        )
        try "\"weir\" \"\"\n".write(toFile: "\(directory)/users", atomically: true, encoding: .utf8)
        var command = [Self.program, "-q", "\(directory)/b.ini"]
        // It refuses to run as root, and only the owner of a cluster's directory reaches its socket.
        if geteuid() == 0 {
            command = ["/usr/sbin/runuser", "-u", "postgres", "--"] + command
            _ = try Self.run(["/bin/chown", "-R", "postgres", directory])
        }
        process = try Self.run(command, waits: false)
        target = ConnectionTarget(
            socketDirectory: directory,
            user: "weir",
            database: behind.database ?? "weir",
            port: port
        )
    }

    /// Waits until it accepts a connection.
    package func waitUntilReady() async throws {
        for attempt in 1... {
            do {
                return try Connection.withTemporary(target) { _ = try $0.executeScript("SELECT 1") }
            } catch let error as PostgresError {
                guard attempt < 500 else { throw error }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// Stops it and removes its files.
    package func stop() {
        kill(process, SIGTERM)
        waitpid(process, nil, 0)
        try? FileManager.default.removeItem(atPath: directory)
    }

    private static func configuration(
        _ behind: ConnectionTarget,
        _ mode: String,
        _ directory: String,
        _ port: Int
    ) -> String {
        """
        [databases]
        * = host=\(behind.parameter("host") ?? "") port=\(behind.parameter("port") ?? "5432")
        [pgbouncer]
        listen_port = \(port)
        auth_type = trust
        auth_file = \(directory)/users
        pool_mode = \(mode)
        default_pool_size = 8
        ignore_startup_parameters = extra_float_digits
        logfile = \(directory)/log
        unix_socket_dir = \(directory)

        """
    }

    @discardableResult
    private static func run(_ arguments: [String], waits: Bool = true) throws -> pid_t {
        var spawn = Spawn(arguments)
        spawn.environment = []
        let child = try spawn.start()
        if waits { _ = ChildStatus.next(of: child) }
        return child
    }
}
