internal import Glibc
package import HTTP

/// Every setting of a server.
package struct ServerConfiguration: Sendable {
    /// Where to listen, in order.
    package var listeners: [ListenSpecification]
    /// How many lanes; at least 1.
    package var laneCount: Int
    /// Connections the kernel may hold before they are accepted (`listen(2)`).
    package var backlog: Int
    /// Permission bits of Unix sockets.
    package var unixSocketMode: UInt32
    /// The most connections at one time.
    package var maximumConnections: Int
    /// What happens to connections beyond that.
    package var excessConnections: ExcessConnections
    /// The limits of a request; the limit of each admission replaces `bodyBytes`.
    package var limits: Limits
    /// The most bytes of request bodies and large responses held at one time over all connections; beyond it sockets
    /// are not read, and requests for large responses get 503.
    ///
    /// One body larger than this is still taken, alone.
    package var bufferedBodyBytes: Int
    /// The most bytes of a body that are read and dropped to keep a connection after an early response.
    package var drainableBodyBytes: Int
    /// The most bytes of a streamed body, in either direction, held for one connection.
    package var streamWindowBytes: Int
    /// How long the server promises to keep an idle connection, in seconds (`Keep-Alive: timeout=N`).
    ///
    /// Keep it below `Timeouts.idle`, so that no request meets a closing connection.
    package var announcedKeepAliveSeconds: Int
    /// How long everything may take.
    package var timeouts: Timeouts

    /// Settings for the given listeners, everything else at its default.
    package init(listeners: [ListenSpecification]) {
        self.listeners = listeners
        laneCount = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        backlog = 1024
        unixSocketMode = 0o600
        maximumConnections = 10_000
        excessConnections = .refuse
        limits = Limits()
        bufferedBodyBytes = 256 << 20
        drainableBodyBytes = 64 << 10
        streamWindowBytes = 256 << 10
        announcedKeepAliveSeconds = 75
        timeouts = Timeouts()
    }
}

/// What happens to a connection beyond the maximum.
package enum ExcessConnections: Hashable, Sendable {
    /// It gets 503 with `Retry-After` and is closed.
    case refuse
    /// It waits in the kernel's backlog until another one ends.
    case pause
}

/// Timeouts; checked every `resolution`, so that each may come that much later.
package struct Timeouts: Hashable, Sendable {
    /// From the first byte of a head to its end; 408 beyond it. Also for a new connection's first byte.
    package var head: Duration = .seconds(15)
    /// The window in which `minimumBodyBytes` of a body, or its end, must arrive; 408 beyond it.
    package var bodyWindow: Duration = .seconds(20)
    /// The least progress of a body in a window, in bytes.
    package var minimumBodyBytes = 10 << 10
    /// How long a connection may stay without a request; then it is closed without a response.
    package var idle: Duration = .seconds(80)
    /// How long a client may read no byte of a response; then the connection is dropped.
    package var write: Duration = .seconds(30)
    /// How long a callback may take to respond; 503 with `Retry-After` beyond it.
    package var handler: Duration = .seconds(5)
    /// The same for `Exchange.respond(async:)`, and for streamed bodies since their last progress.
    package var asyncHandler: Duration = .seconds(30)
    /// How long a closing connection waits for the client to end its side.
    package var linger: Duration = .seconds(2)
    /// How often deadlines are checked.
    package var resolution: Duration = .milliseconds(500)

    /// The defaults.
    package init() {}
}

extension Duration {
    /// The whole length in nanoseconds; 0 for a negative one.
    var nanoseconds: UInt64 {
        let parts = components
        return UInt64(clamping: parts.seconds &* 1_000_000_000 &+ parts.attoseconds / 1_000_000_000)
    }
}
