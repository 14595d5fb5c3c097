package import Postgres
internal import Synchronization

/// Whether this Weir does some work: of those that share a database the one that holds an advisory lock. Any thread.
///
/// The lock is not that of maintenance, whose jobs may take minutes.
package final class WorkLease: Sendable {
    /// What is done by one Weir only, beside maintenance.
    package enum Work: Int64, Sendable {
        // "weir" in ASCII, then a number; the leader's lock has a 1.
        case forward = 0x7765_6972_0000_0002
        case `repeat` = 0x7765_6972_0000_0003
    }

    private let work: Work
    private let connection: DedicatedConnection
    // Guards the session that holds the lock; nil while another Weir does.
    private let session = Mutex<UInt64?>(nil)

    /// Makes a lease that is renewed more often than every `patience`.
    ///
    /// The server ends the session of a Weir that hangs or whose machine is gone. A pause that is longer than that gives
    /// the lock away, unless nobody else wants it.
    package init(_ target: ConnectionTarget, for work: Work, patience: Duration = .seconds(60)) {
        self.work = work
        let settings = SessionSettings(
            applicationName: "weir-\(work)",
            parameters: ["idle_session_timeout": "\(Int(patience / .milliseconds(1)))"]
        )
        connection = DedicatedConnection(target, settings, label: "weir.\(work)")
    }

    /// Gets the lock if it is free; returns whether this Weir holds it.
    ///
    /// - Throws: `PostgresError`; then it holds none.
    package func renew() async throws -> Bool {
        let held = session.withLock { session in
            defer { session = nil }
            return session
        }
        let now = try await connection.withConnection { [work] connection -> UInt64? in
            if connection.sessionID == held {
                // The server ends an idle session.
                _ = try connection.execute("SELECT 1", [])
                return held
            }
            let lock = Parameter.int64(work.rawValue)
            let rows = try connection.execute("SELECT pg_try_advisory_lock($1) AS got", [lock])
            return try rows.first?.bool("got") == true ? connection.sessionID : nil
        }
        session.withLock { $0 = now }
        return now != nil
    }

    /// Gives the lock away.
    package func close() {
        session.withLock { $0 = nil }
        connection.close()
    }
}
