internal import Core

/// Turns OTLP/JSON into protobuf and back, by the table of `OTLPMessage`. OTLP 1.x, "JSON Protobuf Encoding"; the JSON
/// mapping of proto3.
enum OTLPJSON {
    /// The protobuf form of a JSON document.
    static func protobuf(
        _ json: [UInt8],
        _ message: OTLPMessage,
        limits: OTLPLimits
    ) throws(OTLPError) -> [UInt8] {
        let document: JSONDocument
        do {
            // Eight values and names of JSON to each that is counted: an attribute of a number has seven. An array in a
            // value is three levels of JSON.
            document = try JSONDocument(
                json,
                recordedDepth: 16 + 3 * min(limits.depth, 256),
                nodeLimit: 4096 + 8 * min(limits.values, 1 << 27)
            )
        } catch {
            throw .json(error.description(in: json))
        }
        guard document.root.kind == .object else { throw .json("it is no object") }
        var reading = OTLPJSONReading(limits: limits)
        var writer = ProtobufWriter()
        try reading.read(document.root, message, into: &writer)
        return writer.bytes
    }

    /// The JSON form of a message that this module wrote: of known fields in ascending order.
    static func json(_ bytes: [UInt8], _ message: OTLPMessage) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: bytes.count * 4)
        writer.object { OTLPJSONWriting.write(ProtobufReader(bytes), message, into: &$0) }
        return writer.bytes
    }
}

/// JSON to protobuf. What is nested deeper than the limits is left out, so that the recursion is bounded.
private struct OTLPJSONReading {
    let limits: OTLPLimits
    private var depth = 0

    init(limits: OTLPLimits) {
        self.limits = limits
    }

    mutating func read(
        _ object: JSONNode,
        _ message: OTLPMessage,
        into writer: inout ProtobufWriter
    ) throws(OTLPError) {
        let fields = message.fields
        for member in object.members {
            // Null is a missing member.
            guard let field = fields.first(where: { member.isKey($0.name) }), !member.value.isNull else {
                continue
            }
            if field.isRepeated {
                guard member.value.kind == .array else { throw .member(field.text) }
                for element in member.value.elements { try read(element, field, into: &writer) }
            } else {
                try read(member.value, field, into: &writer)
            }
        }
    }

    private mutating func read(
        _ node: JSONNode,
        _ field: OTLPMessage.Field,
        into writer: inout ProtobufWriter
    ) throws(OTLPError) {
        switch field.type {
        case .text:
            guard let text = node.string else { throw .member(field.text) }
            writer.field(field.number, text)
        case .id:
            guard let text = node.string else { throw .member(field.text) }
            // What is not hexadecimal is no id: the span is rejected, not the request.
            writer.field(field.number, bytes: Hex.decode(text) ?? [0])
        case .bytes:
            guard let bytes = node.string.flatMap(Self.base64) else { throw .member(field.text) }
            writer.field(field.number, bytes: bytes)
        case .message(let message):
            try read(node, field, message, into: &writer)
        default:
            guard Self.write(node, field, into: &writer) else { throw .member(field.text) }
        }
    }

    private mutating func read(
        _ node: JSONNode,
        _ field: OTLPMessage.Field,
        _ message: OTLPMessage,
        into writer: inout ProtobufWriter
    ) throws(OTLPError) {
        guard node.kind == .object else { throw .member(field.text) }
        var part = ProtobufWriter()
        let isNesting = field.isNesting
        if isNesting { depth += 1 }
        defer { if isNesting { depth -= 1 } }
        // A value without a variant is an empty one, as the reader of protobuf makes it at this depth.
        guard depth <= limits.depth else { return }
        try read(node, message, into: &part)
        writer.field(field.number, bytes: part.bytes)
    }

    /// Writes a number, a truth value or a name; false if it is none.
    private static func write(
        _ node: JSONNode,
        _ field: OTLPMessage.Field,
        into writer: inout ProtobufWriter
    ) -> Bool {
        switch field.type {
        case .bool:
            guard let flag = node.bool else { return false }
            writer.field(field.number, integer: flag ? 1 : 0)
        case .double:
            guard let number = double(node) else { return false }
            writer.field(field.number, bits: number.bitPattern)
        case .choice(let names):
            guard let number = choice(node, names) else { return false }
            writer.field(field.number, integer: number)
        case .uint64, .fixed64:
            guard let number = unsigned(node) else { return false }
            if case .uint64 = field.type {
                writer.field(field.number, integer: Int64(bitPattern: number))
            } else {
                writer.field(field.number, bits: number)
            }
        default:
            guard let number = signed(node) else { return false }
            return write(number, field, into: &writer)
        }
        return true
    }

    private static func write(
        _ number: Int64,
        _ field: OTLPMessage.Field,
        into writer: inout ProtobufWriter
    ) -> Bool {
        switch field.type {
        case .sfixed64: writer.field(field.number, bits: UInt64(bitPattern: number))
        case .sint32:
            guard let number = Int32(exactly: number) else { return false }
            writer.field(field.number, integer: Int64(number) << 1 ^ Int64(number) >> 63)
        case .uint32, .fixed32:
            guard let number = UInt32(exactly: number) else { return false }
            if case .fixed32 = field.type {
                writer.field(field.number, bits32: number)
            } else {
                writer.field(field.number, integer: Int64(number))
            }
        default: writer.field(field.number, integer: number)
        }
        return true
    }

    // MARK: - Values of JSON

    private static func signed(_ node: JSONNode) -> Int64? {
        node.int64 ?? node.string.flatMap { Int64($0) }
    }

    private static func unsigned(_ node: JSONNode) -> UInt64? {
        if let number = node.int64 { return UInt64(exactly: number) }
        return (node.string ?? node.numberText).flatMap { UInt64($0) }
    }

    private static func double(_ node: JSONNode) -> Double? {
        switch node.string {
        case nil: node.double
        case "NaN": .nan
        case "Infinity": .infinity
        case "-Infinity": -.infinity
        case let text?: JSONNode.number(text)
        }
    }

    /// The number of a name or a number; 0 for a name that is not known, as for a number that is not.
    private static func choice(_ node: JSONNode, _ names: [StaticString]) -> Int64? {
        guard let name = node.string else { return node.int64 }
        return Int64(names.firstIndex { $0.description == name } ?? 0)
    }

    /// Of either alphabet, as proto3 reads it.
    private static func base64(_ text: String) -> [UInt8]? {
        Base64.decode(
            text.utf8.map {
                $0 == UInt8(ascii: "-") ? UInt8(ascii: "+") : $0 == UInt8(ascii: "_") ? UInt8(ascii: "/") : $0
            }
        )
    }
}

extension JSONNode {
    /// The number that a text has in the spelling of JSON.
    fileprivate static func number(_ text: String) -> Double? {
        guard let document = try? JSONDocument(text: text) else { return nil }
        return document.root.double
    }
}

extension OTLPMessage.Field {
    fileprivate var text: String { name.description }

    /// Whether it may contain itself.
    fileprivate var isNesting: Bool {
        switch type {
        case .message(.array), .message(.map): true
        default: false
        }
    }
}
