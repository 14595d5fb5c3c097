import CLibpq
package import Dispatch
import Glibc
import Synchronization

/// One session with a server.
///
/// A connection belongs to one serial queue: every call is made there, blocks it, and traps elsewhere. Only
/// `cancelHandle` may be used from other threads. The session ends with the last reference.
package final class Connection {
    let raw: OpaquePointer
    /// The serial queue that owns the connection.
    package let queue: DispatchQueue
    /// Cancels the running statement from any thread.
    package let cancelHandle: CancelHandle
    /// In libpq's form: 150004 for 15.4.
    package let serverVersion: Int
    /// The process id of the server's backend.
    package let processID: Int32
    /// Different for every session of this process.
    package let sessionID: UInt64
    var statements: StatementCache
    var isInTransaction = false
    var failed = false

    private static let sessionCount = Atomic<UInt64>(0)
    /// Identifies this process among all on any machine.
    private static let processWord = String(UInt64.random(in: .min ... .max), radix: 36)

    /// The oldest supported server, in libpq's form.
    package static let oldestServerVersion = 140_000

    /// Takes over an established `raw`.
    private init(owning raw: OpaquePointer, queue: DispatchQueue, statementCacheCapacity: Int) {
        self.raw = raw
        self.queue = queue
        cancelHandle = CancelHandle(of: raw)
        serverVersion = Int(PQserverVersion(raw))
        processID = PQbackendPID(raw)
        sessionID = Self.sessionCount.add(1, ordering: .relaxed).newValue
        statements = StatementCache(
            capacity: statementCacheCapacity,
            prefix: "weir_\(Self.processWord)_\(sessionID)"
        )
    }

    deinit {
        cancelHandle.invalidate()
        PQfinish(raw)
    }

    /// Connects, checks the server's version and puts `settings` into force. Blocks at most the connect timeout
    /// and one round trip.
    /// - Throws: `PostgresError`; see its `isFatalAtStart`.
    package static func open(
        _ target: ConnectionTarget,
        _ settings: SessionSettings = SessionSettings(),
        on queue: DispatchQueue,
        statementCacheCapacity: Int = 256
    ) throws(PostgresError) -> Connection {
        dispatchPrecondition(condition: .onQueue(queue))
        let raw = try Dialer(target: target, settings: settings).connect()
        let connection = Connection(owning: raw, queue: queue, statementCacheCapacity: statementCacheCapacity)
        guard connection.serverVersion >= oldestServerVersion else {
            throw PostgresError(
                kind: .unsupportedServer,
                message:
                    "the server is PostgreSQL \(connection.serverVersion / 10_000); 14 or newer is needed",
                context: "connect"
            )
        }
        try connection.executeScript(
            settings.script(serverVersion: connection.serverVersion),
            context: "connect"
        )
        return connection
    }

    /// Opens a connection on a new queue, runs `body` there and closes it. Blocks the calling thread.
    package static func withTemporary<Value>(
        _ target: ConnectionTarget,
        _ settings: SessionSettings = SessionSettings(),
        _ body: (Connection) throws -> Value
    ) throws -> Value {
        let queue = DispatchQueue(label: "weir.postgres.temporary")
        return try queue.sync {
            try body(try open(target, settings, on: queue))
        }
    }

    /// Whether the session is lost; its owner closes it and opens another.
    package var isBroken: Bool { failed || PQstatus(raw) != CONNECTION_OK }

    /// Checks, without waiting, whether the server has closed the session.
    package func isAlive() -> Bool {
        assertOnQueue()
        var descriptor = pollfd(fd: PQsocket(raw), events: Int16(POLLIN), revents: 0)
        // The end of the stream shows only after the server's last message has been read.
        while !isBroken, poll(&descriptor, 1, 0) != 0 {
            if PQconsumeInput(raw) != 1 { failed = true }
        }
        return !isBroken
    }

    func assertOnQueue() {
        dispatchPrecondition(condition: .onQueue(queue))
    }
}
