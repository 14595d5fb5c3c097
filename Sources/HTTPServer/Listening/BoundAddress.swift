/// The actual address of a listener, with the port that the system chose.
package struct BoundAddress: Hashable, Sendable, CustomStringConvertible {
    /// The listener as it was asked for.
    package let specification: ListenSpecification
    /// The actual address.
    package let endpoint: ListenSpecification.Endpoint

    /// The profile of the listener; nil for the main one.
    package var profile: String? { specification.profile }

    /// The port, or nil for a Unix socket.
    package var port: Int? {
        guard case .tcp(_, let port) = endpoint else { return nil }
        return Int(port)
    }

    /// The form a listener is written in, with the real port.
    package var description: String {
        ListenSpecification(profile: profile, endpoint).description
    }
}
