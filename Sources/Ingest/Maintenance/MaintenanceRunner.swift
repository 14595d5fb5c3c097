internal import Core
package import Logging
package import Postgres
internal import Synchronization

/// Runs maintenance jobs while this Weir is the leader: while it holds an advisory lock on a dedicated connection.
///
/// The leader loses the lock with its session, and the next Weir that gets the lock is the leader. The server ends
/// the session at once when the leader is killed, and within `lease` when it is stopped, hangs, or its machine
/// vanishes. Every statement of a job runs in the session that holds the lock, so that two Weirs never work at the
/// same time, whatever a clock or a scheduler does.
package final class MaintenanceRunner: Sendable {
    /// The key of the advisory lock: "weir" in ASCII, then 1 for this lock.
    private static let lock: Int64 = 0x7765_6972_0000_0001
    /// How long the server waits for the leader before it ends the session.
    private static let lease = Duration.seconds(5)

    private let jobs: [MaintenanceJob]
    private let connection: DedicatedConnection
    private let pause: Duration
    private let logger: Logger
    // Guards the session that holds the lock; nil while another Weir is the leader.
    private let leadership = Mutex<UInt64?>(nil)

    /// Makes a runner; `run` starts it. `pause` is how often it checks for jobs that are due, and less than five
    /// seconds.
    package init(
        _ jobs: [MaintenanceJob],
        target: ConnectionTarget,
        session: SessionSettings,
        pause: Duration = .seconds(1),
        logger: Logger
    ) {
        self.jobs = jobs
        connection = DedicatedConnection(target, Self.leased(session), label: "weir.maintenance")
        self.pause = pause
        self.logger = logger
    }

    /// Whether this Weir is the leader, as far as it knows: there is one leader for each database.
    package var isLeader: Bool { leadership.withLock { $0 != nil } }

    /// Runs jobs that are due until the task is cancelled. Never throws; a failed job is logged and due again.
    package func run() async {
        var due: [Timestamp?] = []
        while !Task.isCancelled {
            do {
                let session = try await claim()
                if took(session) { due = Array(repeating: nil, count: jobs.count) }
                if let session { try await performDue(&due, in: session) }
            } catch {
                _ = took(nil)
                guard !Task.isCancelled else { break }
                logger.debug("maintenance jobs could not run", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: pause)
        }
        _ = took(nil)
        connection.close()
    }

    // MARK: - The leader

    /// The session that holds the lock; nil when another Weir is the leader.
    private func claim() async throws -> UInt64? {
        let held = leadership.withLock { $0 }
        return try await connection.withConnection { connection in
            if connection.sessionID == held {
                // A heartbeat: the server ends an idle session.
                _ = try connection.execute("SELECT 1", [])
                return held
            }
            let rows = try connection.execute("SELECT pg_try_advisory_lock($1) AS got", [.int64(Self.lock)])
            guard try rows.first?.bool("got") == true else { return nil }
            // Lets the server notice during a long statement that the leader is gone. Not every operating system
            // supports this, and the lock does not depend on it.
            _ = try? connection.executeScript("SET client_connection_check_interval = '2s'")
            return connection.sessionID
        }
    }

    /// Stores the session that holds the lock; returns whether this Weir has just become the leader.
    private func took(_ session: UInt64?) -> Bool {
        let before = leadership.withLock { leader in
            defer { leader = session }
            return leader
        }
        guard before != session else { return false }
        logger.info(session == nil ? "this Weir is no longer the leader" : "this Weir is the leader now")
        return session != nil
    }

    /// Settings with which the server ends the session of an unresponsive client. Those of TCP have no effect on a
    /// Unix socket.
    private static func leased(_ session: SessionSettings) -> SessionSettings {
        let milliseconds = String(lease.components.seconds * 1000)
        var leased = session
        leased.parameters["idle_session_timeout"] = milliseconds
        leased.parameters["idle_in_transaction_session_timeout"] = milliseconds
        leased.parameters["tcp_keepalives_idle"] = "2"
        leased.parameters["tcp_keepalives_interval"] = "1"
        leased.parameters["tcp_keepalives_count"] = "3"
        leased.parameters["tcp_user_timeout"] = milliseconds
        return leased
    }

    // MARK: - The work

    private func performDue(_ due: inout [Timestamp?], in session: UInt64) async throws {
        for (index, job) in jobs.enumerated() {
            let now = Timestamp.now()
            if let next = due[index], next > now { continue }
            due[index] = now + job.interval
            do {
                try await connection.withConnection { connection in
                    // A session that was opened since then holds no lock.
                    guard connection.sessionID == session else { throw LeadershipLost() }
                    try job.perform(connection, now)
                }
            } catch let error as PostgresError where error.kind != .unreachable {
                logger.warning(
                    "a maintenance job failed",
                    metadata: ["job": "\(job.name)", "error": "\(error)"]
                )
            }
        }
    }

    private struct LeadershipLost: Error, CustomStringConvertible {
        let description = "the session that held the lock has ended"
    }
}
