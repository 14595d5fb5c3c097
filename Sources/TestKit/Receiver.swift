package import Core
internal import Glibc
internal import Synchronization

/// A receiver of HTTP on a socket: it reads whole requests, and answers each with the next of its texts; the last one
/// stands for the rest.
package final class Receiver: Sendable {
    /// A request as it arrived.
    package struct Request: Sendable {
        package let head: String
        package let body: [UInt8]

        package var line: String { String(head.prefix { $0 != "\r\n" }) }
        package var text: String { String(decoding: body, as: UTF8.self) }
        package var json: JSONNode { get throws { try JSONDocument(body).root } }

        /// The value of a header field; its name has no case.
        package func field(_ name: String) -> String? {
            head.split(separator: "\r\n").lazy
                .filter { $0.lowercased().hasPrefix("\(name.lowercased()): ") }
                .map { String($0.dropFirst(name.count + 2)) }.first
        }
    }

    private let listener: LocalListener
    private let received = Mutex<[Request]>([])

    package var port: UInt16 { listener.port }
    package var url: String { "http://127.0.0.1:\(port)" }
    package var requests: [Request] { received.withLock { $0 } }

    package init(_ answers: String..., host: UInt32 = 0x7F00_0001) throws {
        listener = try LocalListener(host: host)
        listener.serve { [weak self] connection in
            defer { close(connection) }
            self?.serve(connection, answers)
        }
    }

    private func serve(_ connection: Int32, _ answers: [String]) {
        guard let request = Self.read(connection) else { return }
        let count = received.withLock { received in
            received.append(request)
            return received.count
        }
        guard !answers.isEmpty else { return }
        let answer = Array(answers[min(count, answers.count) - 1].utf8)
        var sent = 0
        while sent < answer.count {
            let count = answer[sent...].withUnsafeBytes {
                send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    private static func read(_ connection: Int32) -> Request? {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = Glibc.read(connection, &block, block.count)
            guard count > 0 else { return nil }
            bytes += block[..<count]
            let text = String(decoding: bytes, as: UTF8.self)
            guard let end = text.range(of: "\r\n\r\n") else { continue }
            let head = String(text[..<end.lowerBound])
            let start = head.utf8.count + 4
            let length = Request(head: head, body: []).field("Content-Length").flatMap { Int($0) } ?? 0
            if bytes.count >= start + length { return Request(head: head, body: Array(bytes[start...])) }
        }
    }

    /// An answer with a body, after which the connection is closed.
    package static func answer(_ status: Int, _ body: String = "", _ fields: String...) -> String {
        let lines = ["HTTP/1.1 \(status) Status", "Content-Length: \(body.utf8.count)"] + fields
        return (lines + ["Connection: close", "", body]).joined(separator: "\r\n")
    }
}

extension String {
    fileprivate func range(of text: String) -> Range<Index>? { firstRange(of: text) }
}
