internal import CLinux
internal import Core
internal import Dispatch
internal import Glibc
internal import Synchronization

/// A Unix socket that takes metrics by lines; a line that is wrong is answered with `error: …`. Any thread.
final class MetricSocket: Sendable {
    /// Why there is no socket.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The most connections at a time.
    private static let limit = 32

    private let path: String
    private let descriptor: Int32
    private let metrics: CustomMetrics
    // Guards how many connections are open.
    private let open = Mutex(0)

    /// Listens at a path; a socket that an earlier agent left there is replaced.
    init(_ path: String, _ metrics: CustomMetrics) throws(Failure) {
        self.path = path
        self.metrics = metrics
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw Failure(
                description: "the path of a socket has at most 107 bytes; name a shorter one by --socket"
            )
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK { unlink(path) }
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let isBound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isBound, chmod(path, 0o660) == 0, listen(descriptor, 64) == 0 else {
            let why = String(cString: strerror(errno))
            close(descriptor)
            throw Failure(description: "no socket at \(path) (\(why)); name another path by --socket")
        }
    }

    deinit { close(descriptor) }

    /// Begins to take connections.
    func start() {
        DispatchQueue(label: "weir.agent.socket").async { [self] in
            while true {
                let connection = linux_accept4(descriptor, nil, nil, Int32(SOCK_CLOEXEC.rawValue))
                if connection < 0, errno == EINTR || errno == ECONNABORTED { continue }
                guard connection >= 0 else {
                    // Out of descriptors: they may be back a moment later.
                    guard errno == EMFILE || errno == ENFILE else { return }
                    usleep(100_000)
                    continue
                }
                serve(connection)
            }
        }
    }

    /// Takes no more connections, and removes the socket.
    func stop() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        unlink(path)
    }

    private func serve(_ connection: Int32) {
        let isFree = open.withLock { count in
            guard count < Self.limit else { return false }
            count += 1
            return true
        }
        guard isFree else {
            Self.answer("error: too many connections", connection)
            close(connection)
            return
        }
        // Reading blocks. A serial queue has a thread of its own; a concurrent one would take those of tasks.
        DispatchQueue(label: "weir.agent.connection").async { [self] in
            read(connection)
            close(connection)
            open.withLock { $0 -= 1 }
        }
    }

    private func read(_ connection: Int32) {
        var splitter = LineSplitter()
        var number = 0
        func take(_ line: [UInt8]?) {
            number += 1
            let fault =
                line.map { metrics.take($0, at: .now()) } ?? "it has more than \(LineSplitter.longest) bytes"
            if let fault { Self.answer("error: line \(number): \(fault)", connection) }
        }
        var block = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = Glibc.read(connection, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            splitter.take(block[..<count], take)
        }
        splitter.finish(take)
    }

    /// A sender that does not read its errors does not get them; it is not waited for.
    private static func answer(_ line: String, _ connection: Int32) {
        let bytes = Array("\(line)\n".utf8)
        _ = send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    }
}
