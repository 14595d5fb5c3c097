import Dispatch
import Glibc
import Synchronization

/// A server of one answer: every connection gets the same text, or, without one, silence. Any thread.
package final class StubListener: Sendable {
    /// Where it listens on 127.0.0.1.
    package let port: UInt16
    private let descriptor: Int32
    // Guards what was received, and from how many.
    private let received = Mutex<(text: String, connections: Int)>(("", 0))

    /// The system gave no socket.
    package struct NoListener: Error {}

    /// Listens at once, on a port that is free.
    package init(_ answer: String?) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw NoListener() }
        port = UInt16(bigEndian: address.sin_port)
        DispatchQueue(label: "stub").async { [weak self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0, let self else { return }
                self.serve(connection, answer)
            }
        }
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    /// `http://127.0.0.1:PORT/`.
    package var url: String { "http://127.0.0.1:\(port)/" }
    /// What the last connection sent first.
    package func request() -> String { received.withLock { $0.text } }
    /// How many have connected.
    package func connections() -> Int { received.withLock { $0.connections } }

    private func serve(_ connection: Int32, _ answer: String?) {
        received.withLock { $0.connections += 1 }
        guard let answer else { return }
        var block = [UInt8](repeating: 0, count: 65536)
        let count = read(connection, &block, block.count)
        received.withLock { $0.text = String(decoding: block[..<max(0, count)], as: UTF8.self) }
        let bytes = Array(answer.utf8)
        _ = write(connection, bytes, bytes.count)
        close(connection)
    }
}
