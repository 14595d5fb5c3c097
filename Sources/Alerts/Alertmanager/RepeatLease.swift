internal import Postgres
internal import Synchronization

/// Whether this Weir repeats alerts: of those that share a database the one that holds an advisory lock. Any thread.
final class RepeatLease: Sendable {
    /// "weir" in ASCII, then 3; the leader's lock has a 1, that of forwarding a 2.
    private static let lock: Int64 = 0x7765_6972_0000_0003

    private let connection: DedicatedConnection
    // Guards the session that holds the lock; nil while another Weir does.
    private let session = Mutex<UInt64?>(nil)

    /// The server ends the session of a Weir that hangs or whose machine is gone, once it was silent for three turns.
    init(_ target: ConnectionTarget, every interval: Duration) {
        let patience = Int(interval / .milliseconds(1)) * 3
        connection = DedicatedConnection(
            target,
            SessionSettings(
                applicationName: "weir-repeat",
                parameters: ["idle_session_timeout": "\(patience)"]
            ),
            label: "weir.alerts.repeat"
        )
    }

    /// Gets the lock if it is free; returns whether this Weir holds it.
    ///
    /// - Throws: `PostgresError`; then it holds none.
    func renew() async throws -> Bool {
        let held = session.withLock { session in
            defer { session = nil }
            return session
        }
        let now = try await connection.withConnection { connection -> UInt64? in
            if connection.sessionID == held {
                // The server ends an idle session.
                _ = try connection.execute("SELECT 1", [])
                return held
            }
            let rows = try connection.execute("SELECT pg_try_advisory_lock($1) AS got", [.int64(Self.lock)])
            return try rows.first?.bool("got") == true ? connection.sessionID : nil
        }
        session.withLock { $0 = now }
        return now != nil
    }

    /// Gives the lock away.
    func close() {
        session.withLock { $0 = nil }
        connection.close()
    }
}
