package import Core
package import Logging
package import Postgres
internal import Synchronization

/// Work on the database that one of all Weirs does now and then: partitions, retention, pruning.
package struct Duty: Sendable {
    /// A name for logs, `nextflow.partitions`.
    package let name: String
    /// The pause between two performances.
    package let interval: Duration
    /// What is done, on the duties' own connection and queue; `now` is the moment it began.
    package let perform: @Sendable (_ connection: Connection, _ now: Timestamp) throws -> Void

    /// Describes a duty.
    package init(
        _ name: String,
        every interval: Duration,
        perform: @escaping @Sendable (_ connection: Connection, _ now: Timestamp) throws -> Void
    ) {
        self.name = name
        self.interval = interval
        self.perform = perform
    }
}

/// Performs duties while it holds an advisory lock on one dedicated connection; losing the connection ends the office,
/// and whichever Weir gets the lock next goes on.
///
/// The server ends the session, and with it the office, of a holder that is killed at once, and within `lease` of one
/// that is stopped, hangs, or vanishes together with its machine. Every statement of a duty runs in the session that
/// holds the lock, so that no two Weirs are ever at work, whatever a clock or a scheduler does.
package final class DutyRunner: Sendable {
    /// The key of the advisory lock: "weir" in ASCII, then 1 for this lock.
    private static let lock: Int64 = 0x7765_6972_0000_0001
    /// How long the server waits for a sign of life from the holder.
    private static let lease = Duration.seconds(5)

    private let duties: [Duty]
    private let connection: DedicatedConnection
    private let pause: Duration
    private let logger: Logger
    // Guards the session that holds the lock, nil while another Weir does.
    private let office = Mutex<UInt64?>(nil)

    /// Makes a runner; `run` starts it. `pause` is how often it looks what is due, and less than five seconds.
    package init(
        _ duties: [Duty],
        target: ConnectionTarget,
        session: SessionSettings,
        pause: Duration = .seconds(1),
        logger: Logger
    ) {
        self.duties = duties
        connection = DedicatedConnection(target, Self.leased(session), label: "weir.duties")
        self.pause = pause
        self.logger = logger
    }

    /// Whether this Weir does the duties, as far as it knows: of all Weirs on one database, one does.
    package var isElected: Bool { office.withLock { $0 != nil } }

    /// Performs what is due until the task is cancelled. Never throws; what fails is logged and due again.
    package func run() async {
        var due: [Timestamp?] = []
        while !Task.isCancelled {
            do {
                let session = try await claim()
                if took(session) { due = Array(repeating: nil, count: duties.count) }
                if let session { try await performDue(&due, in: session) }
            } catch {
                _ = took(nil)
                guard !Task.isCancelled else { break }
                logger.debug("duties wait", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: pause)
        }
        _ = took(nil)
        connection.close()
    }

    // MARK: - The office

    /// The session that holds the lock, nil when another Weir does.
    private func claim() async throws -> UInt64? {
        let held = office.withLock { $0 }
        return try await connection.withConnection { connection in
            if connection.sessionID == held {
                // A sign of life, for the server ends a session that says nothing.
                _ = try connection.execute("SELECT 1", [])
                return held
            }
            let rows = try connection.execute("SELECT pg_try_advisory_lock($1) AS got", [.int64(Self.lock)])
            guard try rows.first?.bool("got") == true else { return nil }
            // Lets the server notice in the middle of a long statement that the holder is gone. Not every system
            // that PostgreSQL runs on can do that, and the office does not depend on it.
            _ = try? connection.executeScript("SET client_connection_check_interval = '2s'")
            return connection.sessionID
        }
    }

    /// Notes who holds the office; answers whether this Weir has just got it.
    private func took(_ session: UInt64?) -> Bool {
        let before = office.withLock { office in
            defer { office = session }
            return office
        }
        guard before != session else { return false }
        logger.info(session == nil ? "duties are another's now" : "duties are this Weir's now")
        return session != nil
    }

    /// Settings by which the server ends a session whose client gives no sign of life. Those of TCP do nothing, and no
    /// harm, on a Unix socket.
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
        for (index, duty) in duties.enumerated() {
            let now = Timestamp.now()
            if let next = due[index], next > now { continue }
            due[index] = now + duty.interval
            do {
                try await connection.withConnection { connection in
                    // A session that was opened since then holds no lock.
                    guard connection.sessionID == session else { throw OfficeLost() }
                    try duty.perform(connection, now)
                }
            } catch let error as PostgresError where error.kind != .unreachable {
                logger.warning("a duty failed", metadata: ["duty": "\(duty.name)", "error": "\(error)"])
            }
        }
    }

    private struct OfficeLost: Error, CustomStringConvertible {
        let description = "the session that held the lock has ended"
    }
}
