import API
import Configuration
import Glibc
import HTTPServer

/// A small blocking HTTP/1.1 client over one kept connection, for this machine: `weir health`, `weir doctor` and
/// `weir simulate`. What may be far away is asked by `RemoteServer`.
///
/// Belongs to one thread. Reads what Weir answers: a length, chunks, or the end of the connection.
final class PlainClient {
    /// An answer.
    struct Answer: Sendable {
        let status: Int
        let body: [UInt8]
        /// Whether the connection can be used again.
        let isKept: Bool
        /// From `Retry-After`, when that is a number of seconds.
        let retryAfterSeconds: Int?
    }

    private let descriptor: Int32
    private var buffer: [UInt8] = []

    /// Connects; every later wait for bytes is bounded by the timeout too.
    init(_ endpoint: ListenSpecification.Endpoint, timeoutSeconds: Int) throws(PlainClientError) {
        descriptor =
            switch endpoint {
            case .unix(let path): try Self.connectUnix(path, timeoutSeconds)
            case .tcp(let host, let port): try Self.connectTCP(host, port, timeoutSeconds)
            }
    }

    deinit {
        close(descriptor)
    }

    /// Sends a whole request and reads the final answer.
    func exchange(_ request: [UInt8]) throws(PlainClientError) -> Answer {
        try send(request)
        while true {
            let head = try readHead()
            if head.status >= 200 { return try readBody(head) }
        }
    }

    // MARK: - Reading

    private struct Head {
        let status: Int
        var length: Int?
        var isChunked = false
        var isKept = true
        var retryAfterSeconds: Int?

        func answer(_ body: [UInt8], isKept: Bool? = nil) -> Answer {
            Answer(
                status: status,
                body: body,
                isKept: isKept ?? self.isKept,
                retryAfterSeconds: retryAfterSeconds
            )
        }
    }

    private func readHead() throws(PlainClientError) -> Head {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let position = buffer.firstRange(of: end)?.lowerBound {
                let lines = String(decoding: buffer[..<position], as: UTF8.self).split(separator: "\r\n")
                buffer.removeSubrange(..<(position + 4))
                return try Self.head(lines)
            }
            guard buffer.count < 64 << 10 else { throw .malformed }
            guard try receive() else { throw buffer.isEmpty ? .closedBeforeAnswer : .malformed }
        }
    }

    private static func head(_ lines: [Substring]) throws(PlainClientError) -> Head {
        let words = (lines.first ?? "").split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw .malformed
        }
        var head = Head(status: status)
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { throw .malformed }
            let value = line[line.index(after: colon)...].trimmed.lowercased()
            switch line[..<colon].lowercased() {
            case "content-length":
                guard let length = Int(value), length >= 0 else { throw .malformed }
                head.length = length
            case "transfer-encoding": head.isChunked = value == "chunked"
            case "connection": head.isKept = value != "close"
            case "retry-after": head.retryAfterSeconds = Int(value)
            default: break
            }
        }
        return head
    }

    private func readBody(_ head: Head) throws(PlainClientError) -> Answer {
        if head.status == 204 || head.status == 304 { return head.answer([]) }
        if head.isChunked { return head.answer(try readChunks()) }
        if let length = head.length { return head.answer(try take(length)) }
        while try receive() {}
        defer { buffer = [] }
        return head.answer(buffer, isKept: false)
    }

    private func readChunks() throws(PlainClientError) -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let line = String(decoding: try takeLine(), as: UTF8.self)
            guard let size = Int(line.prefix { $0 != ";" }, radix: 16), size >= 0 else { throw .malformed }
            if size == 0 {
                while !(try takeLine()).isEmpty {}
                return body
            }
            body += try take(size)
            _ = try take(2)
        }
    }

    private func takeLine() throws(PlainClientError) -> [UInt8] {
        while true {
            if let position = buffer.firstRange(of: [13, 10])?.lowerBound {
                defer { buffer.removeSubrange(..<(position + 2)) }
                return Array(buffer[..<position])
            }
            guard try receive() else { throw .malformed }
        }
    }

    private func take(_ count: Int) throws(PlainClientError) -> [UInt8] {
        while buffer.count < count {
            guard try receive() else { throw .malformed }
        }
        defer { buffer.removeSubrange(..<count) }
        return Array(buffer[..<count])
    }

    /// Reads what there is; false at the end of the stream.
    private func receive() throws(PlainClientError) -> Bool {
        var piece = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = recv(descriptor, &piece, piece.count, 0)
            if count > 0 { buffer += piece[..<count] }
            if count >= 0 { return count > 0 }
            if errno == EINTR { continue }
            if errno == EAGAIN { throw .timeout }
            if errno == ECONNRESET { return false }
            throw .system(call: "recv", code: errno)
        }
    }

    private func send(_ bytes: [UInt8]) throws(PlainClientError) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { piece in
                Glibc.send(descriptor, piece.baseAddress, piece.count, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                sent += count
            } else if errno == EAGAIN {
                throw .timeout
            } else if errno == EPIPE || errno == ECONNRESET {
                throw .closedBeforeAnswer
            } else if errno != EINTR {
                throw .system(call: "send", code: errno)
            }
        }
    }
}
