import Glibc

/// Why a request got no answer.
enum PlainClientError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nobody listens there, or the way is blocked; the number is `errno`.
    case cannotConnect(code: Int32)
    /// The host's name is unknown.
    case unknownHost(String)
    /// The connection ended before a status line.
    case closedBeforeAnswer
    /// No byte came in time.
    case timeout
    /// What came is no HTTP/1.1 answer.
    case malformed
    /// A system call failed; the number is `errno`.
    case system(call: String, code: Int32)

    var description: String {
        switch self {
        case .cannotConnect(let code): "cannot connect: \(String(cString: strerror(code)))"
        case .unknownHost(let host): "the host '\(host)' is unknown"
        case .closedBeforeAnswer: "the connection was closed before an answer came"
        case .timeout: "no answer in time"
        case .malformed: "what came back is no HTTP answer"
        case .system(let call, let code): "\(call) failed: \(String(cString: strerror(code)))"
        }
    }
}

extension PlainClient {
    static func connectUnix(_ path: String, _ timeoutSeconds: Int) throws(PlainClientError) -> Int32 {
        var address = sockaddr_un()
        let capacity = MemoryLayout.size(ofValue: address.sun_path) - 1
        guard path.utf8.count <= capacity else { throw .cannotConnect(code: ENAMETOOLONG) }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Self.open(AF_UNIX, $0, length, timeoutSeconds)
            }
        }
        return try descriptor(code)
    }

    static func connectTCP(_ host: String, _ port: UInt16, _ timeoutSeconds: Int) throws(PlainClientError)
        -> Int32
    {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &list) == 0 else { throw .unknownHost(host) }
        defer { freeaddrinfo(list) }
        var code = -ECONNREFUSED
        for candidate in sequence(first: list, next: { $0?.pointee.ai_next }) {
            guard let info = candidate?.pointee, let address = info.ai_addr else { break }
            code = open(info.ai_family, address, info.ai_addrlen, timeoutSeconds)
            if code >= 0 { break }
        }
        return try descriptor(code)
    }

    private static func descriptor(_ code: Int32) throws(PlainClientError) -> Int32 {
        guard code >= 0 else { throw .cannotConnect(code: -code) }
        return code
    }

    /// A connected descriptor, or the negative `errno`.
    private static func open(
        _ family: Int32,
        _ address: UnsafePointer<sockaddr>,
        _ length: socklen_t,
        _ timeoutSeconds: Int
    ) -> Int32 {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return -errno }
        var timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, size)
        if family != AF_UNIX {
            var on: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        }
        guard connect(descriptor, address, length) == 0 else {
            let code = errno
            close(descriptor)
            return -code
        }
        return descriptor
    }
}
