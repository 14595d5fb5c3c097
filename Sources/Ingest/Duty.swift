package import Core
package import Logging
package import Postgres

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
package final class DutyRunner: Sendable {
    /// The key of the advisory lock: "weir" in ASCII, then 1 for this lock.
    private static let lock: Int64 = 0x7765_6972_0000_0001

    private let duties: [Duty]
    private let connection: DedicatedConnection
    private let pause: Duration
    private let logger: Logger

    /// Makes a runner; `run` starts it. `pause` is how often it looks what is due.
    package init(
        _ duties: [Duty],
        target: ConnectionTarget,
        session: SessionSettings,
        pause: Duration = .seconds(1),
        logger: Logger
    ) {
        self.duties = duties
        connection = DedicatedConnection(target, session, label: "weir.duties")
        self.pause = pause
        self.logger = logger
    }

    /// Performs what is due until the task is cancelled. Never throws; what fails is logged and due again.
    package func run() async {
        var held: UInt64?
        var due: [Timestamp?] = Array(repeating: nil, count: duties.count)
        while !Task.isCancelled {
            do {
                let session = try await claim(held)
                if session != held { due = Array(repeating: nil, count: duties.count) }
                held = session
                if held != nil { try await performDue(&due) }
            } catch {
                held = nil
                guard !Task.isCancelled else { break }
                logger.debug("duties wait", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: pause)
        }
        connection.close()
    }

    /// The session that holds the lock, nil when another Weir does.
    private func claim(_ held: UInt64?) async throws -> UInt64? {
        try await connection.withConnection { connection in
            if connection.sessionID == held { return held }
            let rows = try connection.execute("SELECT pg_try_advisory_lock($1) AS got", [.int64(Self.lock)])
            return try rows.first?.bool("got") == true ? connection.sessionID : nil
        }
    }

    private func performDue(_ due: inout [Timestamp?]) async throws {
        for (index, duty) in duties.enumerated() {
            let now = Timestamp.now()
            if let next = due[index], next > now { continue }
            due[index] = now + duty.interval
            do {
                try await connection.withConnection { try duty.perform($0, now) }
            } catch let error as PostgresError where error.kind != .unreachable {
                logger.warning("a duty failed", metadata: ["duty": "\(duty.name)", "error": "\(error)"])
            }
        }
    }
}
