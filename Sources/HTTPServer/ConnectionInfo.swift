package import HTTP

/// The facts about a request's connection.
package struct ConnectionInfo: Hashable, Sendable {
    /// The peer's address, from the socket.
    package let peer: Peer
    /// Which listener took the connection.
    package let listener: ListenerInfo

    /// Describes a connection; servers do it themselves, tests of applications need it.
    package init(peer: Peer, listener: ListenerInfo) {
        self.peer = peer
        self.listener = listener
    }
}
