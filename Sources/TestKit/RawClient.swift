import Glibc
import Synchronization

/// Errors between a test and its server.
package enum RawClientError: Error, Equatable {
    /// A system call failed; the number is `errno`.
    case system(call: String, code: Int32)
    /// Nothing arrived before the receive timeout.
    case timedOut
    /// The server closed the connection before the answer was complete.
    case closedEarly
    /// The bytes that arrived are not an HTTP/1.1 response.
    case malformed(String)
}

/// The address of a server under test.
package enum RawAddress: Hashable, Sendable {
    /// A numeric IPv4 or IPv6 address and a port.
    case tcp(host: String, port: Int)
    /// The path of a Unix socket.
    case unix(path: String)
}

/// A blocking client over one socket that sends exactly the given bytes.
///
/// It shares no code with the server, so that it can send malformed requests and check the server's bytes. Sending
/// and receiving may happen on different threads; two threads must not receive at once.
package final class RawClient: Sendable {
    private let descriptor: Int32
    private let buffered = Mutex<[UInt8]>([])  // received, not consumed yet

    /// Connects to `address`.
    ///
    /// `receiveTimeout` bounds each wait for bytes, in seconds. `receiveBufferBytes` makes the kernel's
    /// receive buffer small, for tests of slow readers.
    package init(
        _ address: RawAddress,
        receiveTimeout: Int = 60,
        receiveBufferBytes: Int? = nil
    ) throws(RawClientError) {
        descriptor = try RawClient.connect(to: address, receiveBufferBytes: receiveBufferBytes)
        var timeout = timeval(tv_sec: receiveTimeout, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        Glibc.close(descriptor)
    }

    // MARK: - Sending

    /// Sends all bytes; throws `system` when the server has closed the connection.
    package func send(_ bytes: [UInt8]) throws(RawClientError) {
        var offset = 0
        while offset < bytes.count {
            let sent = bytes[offset...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent < 0 {
                if errno == EINTR { continue }
                throw .system(call: "send", code: errno)
            }
            offset += sent
        }
    }

    /// Sends the UTF-8 bytes of a text.
    package func send(_ text: String) throws(RawClientError) {
        try send(Array(text.utf8))
    }

    /// Sends the text in pieces of `size` bytes, each in its own segment.
    package func send(_ text: String, inPiecesOf size: Int) throws(RawClientError) {
        setNoDelay()
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let end = min(start + size, bytes.count)
            try send(Array(bytes[start..<end]))
            start = end
        }
    }

    /// Ends the sending direction (`shutdown(SHUT_WR)`); the answer can still be read.
    package func finishSending() {
        Glibc.shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Makes the kernel send a reset instead of an orderly end, and ends both directions.
    package func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        // Connecting to AF_UNSPEC ends a TCP connection with a reset and keeps the descriptor open.
        var nowhere = sockaddr()
        nowhere.sa_family = sa_family_t(AF_UNSPEC)
        Glibc.connect(descriptor, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
    }

    // MARK: - Receiving

    /// Reads whatever arrives next; an empty array is the end of the stream.
    package func receive(upTo count: Int = 65_536) throws(RawClientError) -> [UInt8] {
        let waiting = buffered.withLock { bytes in
            defer { bytes = [] }
            return bytes
        }
        return waiting.isEmpty ? try receiveFromSocket(upTo: count) : waiting
    }

    /// Reads to the end of the stream, which may be empty; a reset counts as the end.
    package func readUntilClose() throws(RawClientError) -> [UInt8] {
        var all: [UInt8] = []
        while true {
            do {
                let bytes = try receive()
                if bytes.isEmpty { return all }
                all += bytes
            } catch .system(_, ECONNRESET) {
                return all
            }
        }
    }

    /// Reads one response, including interim ones (1xx).
    ///
    /// With `toHead` the request was a HEAD, so that no body follows. Throws `closedEarly` when the stream ends
    /// inside the response.
    package func readResponse(toHead: Bool = false) throws(RawClientError) -> RawResponse {
        let reader = RawResponseReader(toHead: toHead)
        var bytes = buffered.withLock { $0 }
        while true {
            if let (response, consumed) = try reader.read(bytes) {
                buffered.withLock { $0 = Array(bytes[consumed...]) }
                return response
            }
            let more = try receiveFromSocket(upTo: 65_536)
            if more.isEmpty {
                guard let response = reader.finish(bytes) else { throw .closedEarly }
                buffered.withLock { $0 = [] }
                return response
            }
            bytes += more
        }
    }

    private func receiveFromSocket(upTo count: Int) throws(RawClientError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        while true {
            let received = bytes.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            if received >= 0 { return Array(bytes.prefix(received)) }
            switch errno {
            case EINTR: continue
            case EAGAIN: throw .timedOut
            default: throw .system(call: "recv", code: errno)
            }
        }
    }

    private func setNoDelay() {
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }
}

// MARK: - Connecting

extension RawClient {
    private static func connect(
        to address: RawAddress,
        receiveBufferBytes: Int?
    ) throws(RawClientError) -> Int32 {
        var storage = sockaddr_storage()
        let length = try fill(&storage, with: address)
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(Int32(storage.ss_family), type, 0)
        if descriptor < 0 { throw .system(call: "socket", code: errno) }
        if var bytes = receiveBufferBytes.map(Int32.init) {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
        }
        let result = withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, length)
            }
        }
        if result != 0 {
            let code = errno
            Glibc.close(descriptor)
            throw .system(call: "connect", code: code)
        }
        return descriptor
    }

    private static func fill(
        _ storage: inout sockaddr_storage,
        with address: RawAddress
    ) throws(RawClientError) -> socklen_t {
        switch address {
        case .tcp(let host, let port) where host.utf8.contains(UInt8(ascii: ":")):
            var v6 = sockaddr_in6()
            v6.sin6_family = sa_family_t(AF_INET6)
            v6.sin6_port = UInt16(port).bigEndian
            guard inet_pton(AF_INET6, host, &v6.sin6_addr) == 1 else { throw .malformed("address \(host)") }
            return store(v6, in: &storage)
        case .tcp(let host, let port):
            var v4 = sockaddr_in()
            v4.sin_family = sa_family_t(AF_INET)
            v4.sin_port = UInt16(port).bigEndian
            guard inet_pton(AF_INET, host, &v4.sin_addr) == 1 else { throw .malformed("address \(host)") }
            return store(v4, in: &storage)
        case .unix(let path):
            var local = sockaddr_un()
            local.sun_family = sa_family_t(AF_UNIX)
            let bytes = Array(path.utf8)
            let capacity = MemoryLayout.size(ofValue: local.sun_path)
            guard bytes.count < capacity else { throw .malformed("path \(path)") }
            withUnsafeMutableBytes(of: &local.sun_path) { $0.copyBytes(from: bytes) }
            return store(local, in: &storage)
        }
    }

    private static func store<Address>(_ address: Address, in storage: inout sockaddr_storage) -> socklen_t {
        withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: Address.self) }
        return socklen_t(MemoryLayout<Address>.size)
    }
}
