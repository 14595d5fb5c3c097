/// The frame of a message of gRPC: a flag, the length in four bytes, the message. "gRPC over HTTP2", Length-Prefixed-Message.
package enum GRPCFrame {
    /// A message as it was framed.
    package struct Message: Hashable, Sendable {
        /// Whether the bytes are compressed, as `grpc-encoding` says.
        package var isCompressed: Bool
        package var bytes: [UInt8]
    }

    /// Why bytes are no frames.
    package enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        /// The frame is longer than what came.
        case truncated
        /// The message is longer than the limit.
        case tooLarge(Int)
        /// The flag is neither 0 nor 1.
        case flag(UInt8)

        package var description: String {
            switch self {
            case .truncated: "a gRPC message reaches beyond the end of the body"
            case .tooLarge(let length): "a gRPC message has \(length) bytes, which is more than is read"
            case .flag(let flag): "a gRPC message begins with \(flag) in place of 0 or 1"
            }
        }
    }

    /// Frames a message, which has less than 4 GiB.
    package static func encode(_ message: [UInt8], isCompressed: Bool = false) -> [UInt8] {
        var frame: [UInt8] = [isCompressed ? 1 : 0]
        frame.reserveCapacity(message.count + 5)
        withUnsafeBytes(of: UInt32(message.count).bigEndian) { frame.append(contentsOf: $0) }
        frame.append(contentsOf: message)
        return frame
    }

    /// Reads all messages of a body; a message has at most `limit` bytes.
    package static func decode(_ body: [UInt8], limit: Int = 4 << 20) throws(Fault) -> [Message] {
        var messages: [Message] = []
        var rest = body[...]
        while let flag = rest.first {
            guard flag <= 1 else { throw .flag(flag) }
            guard rest.count >= 5 else { throw .truncated }
            let length = rest.dropFirst().prefix(4).reduce(0) { $0 << 8 | Int($1) }
            guard length <= limit else { throw .tooLarge(length) }
            guard rest.count - 5 >= length else { throw .truncated }
            messages.append(Message(isCompressed: flag == 1, bytes: Array(rest.dropFirst(5).prefix(length))))
            rest = rest.dropFirst(5 + length)
        }
        return messages
    }
}
