internal import Core

/// Protobuf to JSON. Only for messages that this module wrote: the parts of a list follow each other.
enum OTLPJSONWriting {
    static func write(_ part: ProtobufReader, _ message: OTLPMessage, into json: inout JSONWriter) {
        let fields = message.fields
        var part = part
        var open = 0
        while let found = try? part.next() {
            guard let field = fields.first(where: { $0.number == found.number }) else { continue }
            if field.number != open {
                if open != 0 { json.endArray() }
                open = field.isRepeated ? field.number : 0
                json.key(field.name.description)
                if field.isRepeated { json.beginArray() }
            }
            write(found.value, field, part, into: &json)
        }
        if open != 0 { json.endArray() }
    }

    private static func write(
        _ value: ProtobufReader.Value,
        _ field: OTLPMessage.Field,
        _ part: ProtobufReader,
        into json: inout JSONWriter
    ) {
        switch value {
        case .bytes(let range): write(range, field, part, into: &json)
        case .fixed32(let bits): json.value(Int64(bits))
        case .fixed64(let bits): write(bits, field, into: &json)
        case .varint(let number):
            switch field.type {
            case .bool: json.value(number != 0)
            case .sint32: json.value(value.zigzag)
            case .int64: json.value(String(Int64(bitPattern: number)))
            case .uint64: json.value(String(number))
            default: json.value(Int64(bitPattern: number))
            }
        }
    }

    private static func write(_ bits: UInt64, _ field: OTLPMessage.Field, into json: inout JSONWriter) {
        switch field.type {
        case .double: write(Double(bitPattern: bits), into: &json)
        case .sfixed64: json.value(String(Int64(bitPattern: bits)))
        default: json.value(String(bits))
        }
    }

    private static func write(_ number: Double, into json: inout JSONWriter) {
        if number.isNaN {
            json.value("NaN")
        } else if number.isInfinite {
            json.value(number < 0 ? "-Infinity" : "Infinity")
        } else {
            json.value(number)
        }
    }

    private static func write(
        _ range: Range<Int>,
        _ field: OTLPMessage.Field,
        _ part: ProtobufReader,
        into json: inout JSONWriter
    ) {
        switch field.type {
        case .text: json.value(String(decoding: part.bytes[range], as: UTF8.self))
        case .id: json.value(Hex.encode(part.bytes[range]))
        case .bytes: json.value(Base64.encode(Array(part.bytes[range])))
        case .message(let message):
            json.object { write(part.part(range), message, into: &$0) }
        default: writePacked(part.part(range), field, into: &json)
        }
    }

    /// The elements of a packed list, whose array is open.
    private static func writePacked(
        _ part: ProtobufReader,
        _ field: OTLPMessage.Field,
        into json: inout JSONWriter
    ) {
        var part = part
        while !part.isAtEnd {
            switch field.type {
            case .double, .fixed64, .sfixed64:
                guard let bits = try? part.fixed64() else { return }
                write(bits, field, into: &json)
            default:
                guard let number = try? part.varint() else { return }
                json.value(String(number))
            }
        }
    }
}
