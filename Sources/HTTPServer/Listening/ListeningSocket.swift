internal import Glibc

/// A listening socket, and the path to remove with it.
struct ListeningSocket: ~Copyable {
    let socket: Socket
    let address: BoundAddress
    private let file: SocketFile?

    private init(_ socket: consuming Socket, address: BoundAddress, file: SocketFile?) {
        self.socket = socket
        self.address = address
        self.file = file
    }

    /// Binds and listens.
    ///
    /// `isV6Only` keeps an IPv6 wildcard from taking the IPv4 port as well. May call the resolver, which blocks.
    static func open(
        _ specification: ListenSpecification,
        isV6Only: Bool,
        configuration: ServerConfiguration
    ) throws(ListenError) -> ListeningSocket {
        switch specification.endpoint {
        case .tcp(let host, let port):
            let socket = try bind(specification, host: host, port: port, isV6Only: isV6Only)
            try listen(socket, specification, backlog: configuration.backlog)
            let bound = socket.localAddress()
            let endpoint = ListenSpecification.Endpoint.tcp(host: bound.host, port: bound.port)
            let address = BoundAddress(specification: specification, endpoint: endpoint)
            return ListeningSocket(socket, address: address, file: nil)
        case .unix(let path):
            let socket = try bind(specification, path: path, mode: mode_t(configuration.unixSocketMode))
            try listen(socket, specification, backlog: configuration.backlog)
            let address = BoundAddress(specification: specification, endpoint: specification.endpoint)
            return ListeningSocket(socket, address: address, file: SocketFile(path: path))
        }
    }

    /// Removes the path of a Unix socket, unless another process owns it by now.
    borrowing func removeFile() {
        file?.remove()
    }

    private static func listen(
        _ socket: borrowing Socket,
        _ specification: ListenSpecification,
        backlog: Int
    ) throws(ListenError) {
        do {
            try socket.listen(backlog: backlog)
        } catch {
            throw ListenError(listener: specification.description, call: error.call, code: error.code)
        }
    }

    // MARK: - TCP

    private static func bind(
        _ specification: ListenSpecification,
        host: String,
        port: UInt16,
        isV6Only: Bool
    ) throws(ListenError) -> Socket {
        let address: SocketAddress
        do {
            address = try SocketAddress.resolve(host: host, port: port)
        } catch {
            throw ListenError(listener: specification.description, cause: .unknownHost(error.text))
        }
        do {
            let socket = try Socket.make(family: address.family)
            socket.set(SO_REUSEADDR, level: SOL_SOCKET, to: true)
            if address.family == AF_INET6 {
                socket.set(IPV6_V6ONLY, level: Int32(IPPROTO_IPV6), to: isV6Only)
            }
            try socket.bind(address)
            return socket
        } catch {
            throw ListenError(listener: specification.description, call: error.call, code: error.code)
        }
    }

    // MARK: - Unix sockets

    private static func bind(
        _ specification: ListenSpecification,
        path: String,
        mode: mode_t
    ) throws(ListenError) -> Socket {
        let listener = specification.description
        let limit = SocketAddress.unixPathLimit
        guard path.utf8.count <= limit else {
            throw ListenError(listener: listener, cause: .pathTooLong(length: path.utf8.count, limit: limit))
        }
        let address = SocketAddress(unixPath: path)
        do {
            let socket = try Socket.make(family: AF_UNIX)
            // Linux takes the file's mode from the socket, so that the file never exists with a wider one.
            fchmod(socket.descriptor, mode)
            try bind(socket, address, path: path)
            chmod(path, mode)
            return socket
        } catch let error as SystemCallError {
            throw ListenError(listener: listener, call: error.call, code: error.code)
        } catch {
            throw ListenError(listener: listener, cause: .notASocket)
        }
    }

    private struct NotASocket: Error {}

    /// Binds; removes a socket file without a listener first.
    private static func bind(_ socket: borrowing Socket, _ address: SocketAddress, path: String) throws {
        do {
            try socket.bind(address)
        } catch let error where error.code == EADDRINUSE {
            guard SocketFile(path: path) != nil else { throw NotASocket() }
            guard try isStale(address) else { throw error }
            unlink(path)
            try socket.bind(address)
        }
    }

    private static func isStale(_ address: SocketAddress) throws(SystemCallError) -> Bool {
        let probe = try Socket.make(family: AF_UNIX)
        let result = address.withPointer { connect(probe.descriptor, $0, $1) }
        return result != 0 && errno == ECONNREFUSED
    }
}

/// The file of a Unix socket, known by its inode.
private struct SocketFile {
    private let path: String
    private let device: dev_t
    private let inode: ino_t

    /// Nil when there is no socket at the path.
    init?(path: String) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
        self.path = path
        device = status.st_dev
        inode = status.st_ino
    }

    func remove() {
        guard let now = SocketFile(path: path), now.device == device, now.inode == inode else { return }
        unlink(path)
    }
}
