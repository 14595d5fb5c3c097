internal import Glibc
internal import Synchronization

/// A server of gRPC that gives every call the same answer, over HTTP/2 without TLS. Any thread.
///
/// It reads as much of HTTP/2 as a client needs that makes one call on a connection, and no header fields: those are
/// compressed.
package final class GRPCStub: Sendable {
    private static let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8.count
    private let listener: LocalListener
    // Guards the bodies of the calls.
    private let bodies = Received()

    private final class Received: Sendable {
        let calls = Mutex<[[UInt8]]>([])
    }

    /// Listens on a free port; `trailers` end an answer with a message of no bytes.
    package init(_ trailers: [(name: String, value: String)]) throws {
        listener = try LocalListener()
        let bodies = bodies
        listener.serve { descriptor in
            defer { close(descriptor) }
            Self.serve(descriptor, trailers, bodies)
        }
    }

    /// Its port on 127.0.0.1.
    package var port: UInt16 { listener.port }
    /// The bodies of the calls, with the frames of their messages.
    package var calls: [[UInt8]] { bodies.calls.withLock { $0 } }

    private static func serve(
        _ descriptor: Int32,
        _ trailers: [(name: String, value: String)],
        _ bodies: Received
    ) {
        guard read(descriptor, preface) != nil else { return }
        write(descriptor, frame(type: 4))
        var body: [UInt8] = []
        while let head = read(descriptor, 9) {
            let length = head[..<3].reduce(0) { $0 << 8 | Int($1) }
            guard let payload = read(descriptor, length) else { return }
            let (type, flags) = (head[3], head[4])
            if type == 4, flags & 1 == 0 { write(descriptor, frame(type: 4, flags: 1)) }
            if type == 0 { body += payload }
            // The end of the request.
            guard type <= 1, flags & 1 != 0 else { continue }
            bodies.calls.withLock { $0.append(body) }
            body = []
            let stream = Array(head[5...])
            // `:status: 200` is the eighth of the static table. RFC 7541 §A.
            let answer = [0x88] + literal("content-type", "application/grpc")
            write(
                descriptor,
                frame(type: 1, flags: 4, stream, answer) + frame(type: 0, flags: 0, stream, [0, 0, 0, 0, 0])
                    + frame(type: 1, flags: 5, stream, trailers.flatMap { literal($0.name, $0.value) })
            )
        }
    }

    private static func frame(
        type: UInt8,
        flags: UInt8 = 0,
        _ stream: [UInt8] = [0, 0, 0, 0],
        _ payload: [UInt8] = []
    ) -> [UInt8] {
        let count = payload.count
        let head: [UInt8] = [
            UInt8(truncatingIfNeeded: count >> 16), UInt8(truncatingIfNeeded: count >> 8),
            UInt8(truncatingIfNeeded: count), type, flags,
        ]
        return head + stream + payload
    }

    /// A field that is not indexed, of less than 127 bytes. RFC 7541 §6.2.2.
    private static func literal(_ name: String, _ value: String) -> [UInt8] {
        var bytes: [UInt8] = [0]
        for text in [name, value] {
            bytes.append(UInt8(text.utf8.count))
            bytes += text.utf8
        }
        return bytes
    }

    private static func read(_ descriptor: Int32, _ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress?.advanced(by: done), count - done)
            }
            guard got > 0 else { return nil }
            done += got
        }
        return bytes
    }

    private static func write(_ descriptor: Int32, _ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }
}
