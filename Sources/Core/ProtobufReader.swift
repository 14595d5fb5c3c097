/// Reads the wire format of Protocol Buffers, field by field, from a part of an array. It copies nothing.
///
/// A caller asks for `next()` until it is nil, and ignores the fields that it does not know: a field has been read as a
/// whole when it is returned. A nested message, a text and a packed list are ranges of the same array; no length is
/// believed that reaches beyond the part. Groups, which no proto3 message has, are refused.
/// https://protobuf.dev/programming-guides/encoding/
package struct ProtobufReader: Sendable {
    /// A field and its value as the wire has it.
    package struct Field: Hashable, Sendable {
        /// From 1 to 536,870,911.
        package let number: Int
        package let value: Value
    }

    /// A value by its wire type.
    package enum Value: Hashable, Sendable {
        /// Integers, truth values and enumerations; negative ones are 64-bit two's complement.
        case varint(UInt64)
        /// `fixed64`, `sfixed64`, and the bits of a `double`.
        case fixed64(UInt64)
        /// `fixed32`, `sfixed32`, and the bits of a `float`.
        case fixed32(UInt32)
        /// Where a text, bytes, a nested message or a packed list is in the array.
        case bytes(Range<Int>)
    }

    /// The array, of which the reader sees a part.
    package let bytes: [UInt8]
    private var position: Int
    private let end: Int

    /// Makes a reader of a whole array.
    package init(_ bytes: [UInt8]) {
        self.init(bytes, in: 0..<bytes.count)
    }

    /// Makes a reader of a part of an array, as `Value.bytes` has it.
    package init(_ bytes: [UInt8], in range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "BUG: beyond the array")
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    /// Makes a reader of a nested message or of a packed list: of a range that this reader has returned.
    package func part(_ range: Range<Int>) -> ProtobufReader {
        ProtobufReader(bytes, in: range)
    }

    /// Where in the array the next field begins.
    package var offset: Int { position }

    /// Whether everything has been read.
    package var isAtEnd: Bool { position == end }

    /// The text in a range; nil when it is not UTF-8.
    package func text(_ range: Range<Int>) -> String? {
        String(validating: bytes[range], as: UTF8.self)
    }

    /// Reads a field.
    ///
    /// - Returns: nil at the end.
    package mutating func next() throws(ProtobufError) -> Field? {
        guard position < end else { return nil }
        let tag = try varint()
        let number = tag >> 3
        guard number > 0, tag <= UInt64(UInt32.max) else { throw .fieldNumber }
        let value: Value =
            switch tag & 7 {
            case 0: .varint(try varint())
            case 1: .fixed64(try fixed64())
            case 2: .bytes(try range(ofLength: try varint()))
            case 3, 4: throw .group
            case 5: .fixed32(try fixed32())
            default: throw .wireType
            }
        return Field(number: Int(number), value: value)
    }

    // MARK: - Elements of a packed list, and lengths between delimited messages

    /// Reads a varint of at most 64 bits, which has ten bytes at most.
    package mutating func varint() throws(ProtobufError) -> UInt64 {
        guard position < end else { throw .truncated }
        let first = bytes[position]
        if first < 0x80 {
            position += 1
            return UInt64(first)
        }
        var value = UInt64(first & 0x7F)
        var shift: UInt64 = 7
        var index = position + 1
        while true {
            guard index < end else { throw .truncated }
            let byte = bytes[index]
            index += 1
            // Of the tenth byte only the lowest bit fits.
            guard shift < 63 || byte <= 1 else { throw .overlongVarint }
            value |= UInt64(byte & 0x7F) &<< shift
            if byte < 0x80 { break }
            shift += 7
        }
        position = index
        return value
    }

    /// Reads a message whose length precedes it, as in a stream of delimited messages.
    ///
    /// - Returns: where it is; nil at the end.
    package mutating func delimited() throws(ProtobufError) -> Range<Int>? {
        guard position < end else { return nil }
        return try range(ofLength: try varint())
    }

    /// Reads eight bytes, the lowest one first.
    package mutating func fixed64() throws(ProtobufError) -> UInt64 {
        guard end - position >= 8 else { throw .truncated }
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(bytes[position + index]) &<< UInt64(index * 8) }
        position += 8
        return value
    }

    /// Reads four bytes, the lowest one first.
    package mutating func fixed32() throws(ProtobufError) -> UInt32 {
        guard end - position >= 4 else { throw .truncated }
        var value: UInt32 = 0
        for index in 0..<4 { value |= UInt32(bytes[position + index]) &<< UInt32(index * 8) }
        position += 4
        return value
    }

    private mutating func range(ofLength length: UInt64) throws(ProtobufError) -> Range<Int> {
        guard length <= UInt64(end - position) else { throw .truncated }
        let range = position..<position + Int(length)
        position = range.upperBound
        return range
    }
}

/// Why bytes are not a message of Protocol Buffers.
package enum ProtobufError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A value or a length reaches beyond the end.
    case truncated
    /// A varint has more than 64 bits.
    case overlongVarint
    /// The number of a field is 0 or above 536,870,911.
    case fieldNumber
    /// A group, which proto3 does not have.
    case group
    /// One of the two wire types that do not exist.
    case wireType
    /// It has more parts than a reader takes; no reader of this file says so by itself.
    case tooManyParts

    /// What is wrong, for a sentence that begins with what was read.
    package var description: String {
        switch self {
        case .truncated: "a value reaches beyond the end of the message"
        case .overlongVarint: "a varint has more than 64 bits"
        case .fieldNumber: "the number of a field is out of range"
        case .group: "groups are not supported"
        case .wireType: "a field has a wire type that does not exist"
        case .tooManyParts: "it has more parts than a message of its size may have"
        }
    }
}

extension ProtobufReader.Value {
    /// The number of a varint; nil for another wire type.
    package var integer: UInt64? { if case .varint(let value) = self { value } else { nil } }

    /// A signed number of `int32` or `int64`; nil for another wire type.
    package var signed: Int64? { integer.map { Int64(bitPattern: $0) } }

    /// A signed number of `sint32` or `sint64`; nil for another wire type.
    package var zigzag: Int64? { integer.map { Int64(bitPattern: $0 >> 1) ^ -Int64(bitPattern: $0 & 1) } }

    /// The number of a `double`; nil for another wire type.
    package var double: Double? {
        if case .fixed64(let bits) = self { Double(bitPattern: bits) } else { nil }
    }

    /// Where a text, bytes, a nested message or a packed list is; nil for another wire type.
    package var range: Range<Int>? { if case .bytes(let range) = self { range } else { nil } }
}
