import Dispatch
import Synchronization

/// A place for one connection, with the queue that the connection belongs to.
final class SessionSlot: Sendable {
    let queue: DispatchQueue
    private let connection: QueueConfined<Connection?>

    init(label: String) {
        queue = DispatchQueue(label: label)
        connection = QueueConfined(nil, on: queue)
    }

    /// The slot's connection if it is alive, else a new one. On the slot's queue.
    func ready(_ open: () throws(PostgresError) -> Connection) throws(PostgresError) -> Connection {
        let current = connection.withValue { connection -> Connection? in
            if connection?.isAlive() != true { connection = nil }
            return connection
        }
        if let current { return current }
        let opened = try open()
        connection.withValue { $0 = opened }
        return opened
    }

    /// Closes the connection if it is broken; returns whether one is open. On the slot's queue.
    func dropIfBroken() -> Bool {
        connection.withValue { connection in
            if connection?.isBroken == true { connection = nil }
            return connection != nil
        }
    }

    /// Closes the connection. On the slot's queue.
    func close() {
        connection.withValue { $0 = nil }
    }
}

/// Connects the cancellation of a task to its running statement, only while the statement runs.
final class LeaseCancellation: Sendable {
    private enum State {
        case idle
        case running(CancelHandle)
        case cancelled
        case finished
    }

    private let state = Mutex(State.idle)

    /// Returns false if the task was already cancelled.
    func begin(_ handle: CancelHandle) -> Bool {
        state.withLock { state in
            if case .cancelled = state { return false }
            state = .running(handle)
            return true
        }
    }

    /// Waits for a cancellation in flight, so that it can not hit the next user of the connection.
    func finish() {
        state.withLock { $0 = .finished }
    }

    /// Returns at once; the request to the server goes out on another queue.
    func cancel() {
        DispatchQueue.global().async { [self] in
            state.withLock { state in
                switch state {
                case .idle: state = .cancelled
                case .running(let handle): handle.cancel()
                case .cancelled, .finished: break
                }
            }
        }
    }
}
