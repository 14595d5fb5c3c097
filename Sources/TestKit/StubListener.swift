import Dispatch
import Glibc
import Synchronization

/// A server whose responses are texts: the same for every request, one that a closure chooses, or none. Any thread.
package final class StubListener: Sendable {
    /// Its port on 127.0.0.1; 0 for a Unix socket.
    package let port: UInt16
    private let descriptor: Int32
    private let socketPath: String?
    private let keepsConnections: Bool
    // Guards the received text, and the number of connections.
    private let received = Mutex<(text: String, connections: Int)>(("", 0))

    /// The system gave no socket.
    package struct NoListener: Error {}

    /// Starts to listen on a free port, or at the path `socket`, which is removed with the listener.
    ///
    /// With `keepsConnections` each request on a connection is answered, and the client closes the connection.
    package convenience init(_ answer: String?, socket path: String? = nil, keepsConnections: Bool = false)
        throws
    {
        if let answer {
            try self.init(socket: path, keepsConnections: keepsConnections) { _ in answer }
        } else {
            try self.init(socket: path, keepsConnections: keepsConnections, answering: nil)
        }
    }

    /// Starts to listen, and asks `answering` for the response to each request, which it gets as far as one read brings
    /// it; other parameters as above.
    package init(
        socket path: String? = nil,
        keepsConnections: Bool = false,
        answering: (@Sendable (String) -> String)?
    ) throws {
        socketPath = path
        self.keepsConnections = keepsConnections
        (descriptor, port) = try path.map { (try Self.listen(at: $0), 0) } ?? LocalListener.listen()
        let queue = DispatchQueue(label: "stub", attributes: .concurrent)
        queue.async { [weak self, descriptor] in
            // Closed by this thread: were the number free earlier, it would take the connections of another listener.
            defer { close(descriptor) }
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0, let self else { return }
                self.received.withLock { $0.connections += 1 }
                guard let answering else { continue }
                queue.async { [weak self] in self?.serve(connection, answering) }
            }
        }
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
        if let socketPath { unlink(socketPath) }
    }

    /// `http://127.0.0.1:PORT/`.
    package var url: String { "http://127.0.0.1:\(port)/" }
    /// The last received text: the first request of a connection, or its last one where connections are kept.
    package func request() -> String { received.withLock { $0.text } }
    /// The number of connections so far.
    package func connections() -> Int { received.withLock { $0.connections } }

    private func serve(_ connection: Int32, _ answering: @Sendable (String) -> String) {
        defer { close(connection) }
        var block = [UInt8](repeating: 0, count: 65536)
        repeat {
            let count = read(connection, &block, block.count)
            if count <= 0, keepsConnections { return }
            let request = String(decoding: block[..<max(0, count)], as: UTF8.self)
            received.withLock { $0.text = request }
            let bytes = Array(answering(request).utf8)
            guard send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { return }
        } while keepsConnections
    }

    private static func listen(at path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { throw NoListener() }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let isBound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
                    && Glibc.listen(descriptor, 16) == 0
            }
        }
        guard isBound else { throw NoListener() }
        return descriptor
    }
}
