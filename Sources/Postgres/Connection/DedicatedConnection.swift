package import Dispatch

/// One connection on its own queue, opened on demand and again after it broke.
///
/// For a loader's lane or for advisory locks: its work never waits for a pool. It has no back-off, since its user knows
/// best when to retry. A change of `Connection.sessionID` shows that locks were lost.
package final class DedicatedConnection: Sendable {
    /// The serial queue that owns the connection. Work may be put there; it runs between the calls.
    package var queue: DispatchQueue { slot.queue }
    private let target: ConnectionTarget
    private let settings: SessionSettings
    private let slot: SessionSlot

    /// Creates the owner; nothing is connected yet.
    package init(
        _ target: ConnectionTarget,
        _ settings: SessionSettings = SessionSettings(),
        label: String = "weir.postgres.dedicated"
    ) {
        self.target = target
        self.settings = settings
        slot = SessionSlot(label: label)
    }

    /// Runs `body` on the queue. Cancelling the task cancels the running statement.
    /// - Throws: what `body` throws, or the `PostgresError` of connecting.
    package func withConnection<Value: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws -> Value {
        let cancellation = LeaseCancellation()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                slot.queue.async { [self] in
                    let result = Result {
                        try onQueue { connection in
                            guard cancellation.begin(connection.cancelHandle) else {
                                throw PostgresError.acquisitionCancelled
                            }
                            return try body(connection)
                        }
                    }
                    cancellation.finish()
                    continuation.resume(with: result)
                }
            }
        } onCancel: {
            cancellation.cancel()
        }
    }

    /// Runs `body` at once; the caller is on `queue` already. Traps elsewhere.
    /// - Throws: what `body` throws, or the `PostgresError` of connecting.
    package func onQueue<Value>(_ body: (Connection) throws -> Value) throws -> Value {
        let connection = try slot.ready { () throws(PostgresError) in
            try Connection.open(target, settings, on: slot.queue)
        }
        defer { _ = slot.dropIfBroken() }
        return try body(connection)
    }

    /// Closes the connection after the work already queued. The next use opens another.
    package func close() {
        slot.queue.async { [slot] in slot.close() }
    }
}
