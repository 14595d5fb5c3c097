/// Writes the wire format of Protocol Buffers. https://protobuf.dev/programming-guides/encoding/
package struct ProtobufWriter: Sendable {
    /// What was written.
    package private(set) var bytes: [UInt8] = []

    /// Makes an empty message.
    package init() {}

    /// Writes a varint without a field: an element of a packed list.
    package mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// Writes an `int64`; negative ones take ten bytes.
    package mutating func field(_ number: Int, integer: Int64) {
        varint(UInt64(number << 3))
        varint(UInt64(bitPattern: integer))
    }

    /// Writes the bits of a `double`.
    package mutating func field(_ number: Int, bits: UInt64) {
        varint(UInt64(number << 3 | 1))
        withUnsafeBytes(of: bits.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Writes the bits of a `fixed32`.
    package mutating func field(_ number: Int, bits32: UInt32) {
        varint(UInt64(number << 3 | 5))
        withUnsafeBytes(of: bits32.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Writes bytes.
    package mutating func field(_ number: Int, bytes part: some Collection<UInt8>) {
        varint(UInt64(number << 3 | 2))
        varint(UInt64(part.count))
        bytes.append(contentsOf: part)
    }

    /// Writes a text.
    package mutating func field(_ number: Int, _ text: String) { field(number, bytes: text.utf8) }

    /// Writes a nested message or a packed list.
    package mutating func field(_ number: Int, _ build: (inout ProtobufWriter) -> Void) {
        varint(UInt64(number << 3 | 2))
        // Most messages are shorter than 128 bytes, whose length has one byte; a longer one makes room afterwards.
        let place = bytes.count
        bytes.append(0)
        build(&self)
        var length = UInt64(bytes.count - place - 1)
        guard length >= 0x80 else {
            bytes[place] = UInt8(length)
            return
        }
        bytes[place] = UInt8(length & 0x7F) | 0x80
        length >>= 7
        var rest = ProtobufWriter()
        rest.varint(length)
        bytes.insert(contentsOf: rest.bytes, at: place + 1)
    }

    /// Makes a message.
    package static func message(_ build: (inout ProtobufWriter) -> Void) -> [UInt8] {
        var message = ProtobufWriter()
        build(&message)
        return message.bytes
    }
}
