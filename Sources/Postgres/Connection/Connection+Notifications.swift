import CLibpq
import Glibc

/// A notification of `NOTIFY`.
package struct Notification: Hashable, Sendable {
    package let channel: String
    package let payload: String
    /// The process id of the sending backend.
    package let processID: Int32
}

extension Connection {
    /// Subscribes the session to `channel`.
    package func listen(to channel: String) throws(PostgresError) {
        try executeScript("LISTEN \(Identifier.quoted(channel))", context: "LISTEN")
    }

    /// The notifications that have arrived; waits at most `timeout` when there are none. Blocks the queue.
    package func notifications(waitingAtMost timeout: Duration = .zero) throws(PostgresError)
        -> [Notification]
    {
        assertOnQueue()
        var arrived = takeNotifications()
        if arrived.isEmpty {
            var descriptor = pollfd(fd: PQsocket(raw), events: Int16(POLLIN), revents: 0)
            _ = poll(&descriptor, 1, Int32(clamping: timeout.wholeMilliseconds))
            guard PQconsumeInput(raw) == 1 else { throw connectionFailure("LISTEN") }
            arrived = takeNotifications()
        }
        return arrived
    }

    private func takeNotifications() -> [Notification] {
        var arrived: [Notification] = []
        while let notification = PQnotifies(raw) {
            arrived.append(
                Notification(
                    channel: String(cString: notification.pointee.relname),
                    payload: String(cString: notification.pointee.extra),
                    processID: notification.pointee.be_pid
                )
            )
            PQfreemem(notification)
        }
        return arrived
    }
}
