internal import Dispatch
internal import Glibc
internal import Synchronization

/// A socket on this machine that gives each connection to a closure, on a thread of its own. Any thread.
final class LocalListener: Sendable {
    /// The system gave no socket.
    struct NoSocket: Error {}

    static let loopback: UInt32 = 0x7F00_0001

    let port: UInt16
    private let descriptor: Int32
    // Whether a thread takes connections. It closes the socket then: were the number free before that thread has
    // noticed, it would take the connections of the next listener.
    private let isServing = Atomic(false)

    /// Listens on a free port of an IPv4 address.
    init(host: UInt32 = LocalListener.loopback) throws {
        (descriptor, port) = try Self.listen(host)
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
        if !isServing.load(ordering: .relaxed) { close(descriptor) }
    }

    /// Takes connections from now on; `serve` closes its connection.
    func serve(_ serve: @escaping @Sendable (Int32) -> Void) {
        let queue = DispatchQueue(label: "listener", attributes: .concurrent)
        isServing.store(true, ordering: .relaxed)
        queue.async { [descriptor] in
            defer { close(descriptor) }
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return }
                queue.async { serve(connection) }
            }
        }
    }

    /// A socket that listens on a free port.
    static func listen(_ host: UInt32 = LocalListener.loopback) throws -> (Int32, UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = host.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && Glibc.listen(descriptor, 16) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw NoSocket() }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }
}
