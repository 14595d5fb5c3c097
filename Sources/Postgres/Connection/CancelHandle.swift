import CLibpq
import Synchronization

/// Cancels a connection's running statement, from any thread.
///
/// libpq's `PQcancel` is the only call that may run beside another on the same connection: it opens a separate
/// connection from data copied by `PQgetCancel`.
package final class CancelHandle: Sendable {
    /// The address of the `PGcancel`, nil once freed. The lock keeps `invalidate` from freeing it under `cancel`.
    private let address: Mutex<UInt?>

    init(of connection: OpaquePointer) {
        address = Mutex(PQgetCancel(connection).map { UInt(bitPattern: $0) })
    }

    deinit {
        invalidate()
    }

    /// Asks the server to cancel the running statement, which then fails with 57014.
    ///
    /// Blocks until the server has taken the request. Does nothing when the connection is idle or closed.
    package func cancel() {
        address.withLock { address in
            guard let pointer = address.flatMap({ OpaquePointer(bitPattern: $0) }) else { return }
            var message = [CChar](repeating: 0, count: 256)
            // If the request does not arrive, the statement ends by itself or by its timeout.
            _ = PQcancel(pointer, &message, Int32(message.count))
        }
    }

    func invalidate() {
        address.withLock { address in
            guard let pointer = address.flatMap({ OpaquePointer(bitPattern: $0) }) else { return }
            PQfreeCancel(pointer)
            address = nil
        }
    }
}
