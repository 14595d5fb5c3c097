internal import Glibc

/// An address of any family, as the system calls take it.
struct SocketAddress {
    private var storage = sockaddr_storage()
    private var length = socklen_t(MemoryLayout<sockaddr_storage>.size)

    init() {}

    /// The address of a Unix socket; the path must be shorter than `unixPathLimit`.
    init(unixPath: String) {
        var local = sockaddr_un()
        local.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &local.sun_path) { $0.copyBytes(from: Array(unixPath.utf8)) }
        withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: local, as: sockaddr_un.self) }
        length = socklen_t(MemoryLayout<sockaddr_un>.size)
    }

    /// The most bytes of a Unix socket's path.
    static var unixPathLimit: Int { MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1 }

    /// Calls the resolver; the first IPv4 address, otherwise the first of any family.
    ///
    /// Blocks while the resolver works, unless `host` is numeric.
    static func resolve(host: String, port: UInt16) throws(ResolveError) -> SocketAddress {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, "\(port)", &hints, &list)
        guard code == 0, let list else { throw ResolveError(text: String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(list) }
        let all = Array(sequence(first: list) { $0.pointee.ai_next })
        let chosen = all.first { $0.pointee.ai_family == AF_INET } ?? list
        var address = SocketAddress()
        address.length = chosen.pointee.ai_addrlen
        let bytes = UnsafeRawBufferPointer(start: chosen.pointee.ai_addr, count: Int(address.length))
        withUnsafeMutableBytes(of: &address.storage) { $0.copyMemory(from: bytes) }
        return address
    }

    /// The resolver's error text.
    struct ResolveError: Error {
        let text: String
    }

    var family: Int32 { Int32(storage.ss_family) }

    /// 0 for a Unix socket.
    var port: UInt16 {
        switch family {
        case AF_INET: UInt16(bigEndian: read(sockaddr_in.self).sin_port)
        case AF_INET6: UInt16(bigEndian: read(sockaddr_in6.self).sin6_port)
        default: 0
        }
    }

    /// The numeric address without port; an IPv4 address that came through IPv6 is written as IPv4.
    ///
    /// Empty for a Unix socket.
    var host: String {
        switch family {
        case AF_INET:
            var address = read(sockaddr_in.self).sin_addr
            return text(AF_INET, &address)
        case AF_INET6:
            var address = read(sockaddr_in6.self).sin6_addr
            let written = text(AF_INET6, &address)
            let isMapped = written.hasPrefix("::ffff:") && written.contains(".")
            return isMapped ? String(written.dropFirst(7)) : written
        default:
            return ""
        }
    }

    /// Whether it is the address for all interfaces of its family.
    var isWildcard: Bool { host == "0.0.0.0" || host == "::" }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    mutating func withMutablePointer<Result>(
        _ body: (UnsafeMutablePointer<sockaddr>, inout socklen_t) -> Result
    ) -> Result {
        var newLength = socklen_t(MemoryLayout<sockaddr_storage>.size)
        defer { length = newLength }
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &newLength) }
        }
    }

    private func read<Address>(_ type: Address.Type) -> Address {
        withUnsafeBytes(of: storage) { $0.load(as: type) }
    }

    private func text(_ family: Int32, _ address: UnsafeRawPointer) -> String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(family, address, &buffer, socklen_t(buffer.count)) != nil else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
