/// Who sent a request.
package struct Peer: Hashable, Sendable {
    /// The textual address without port: `192.0.2.1`, `2001:db8::1`, or empty for a Unix socket.
    package var address: String

    /// Takes the text as it is.
    package init(address: String) {
        self.address = address
    }
}
