internal import Core

/// Reads the parts of OTLP that all signals share, and counts what a request has, so that no part is beyond the limits.
struct OTLPReading {
    let limits: OTLPLimits
    private var parts = 0

    init(_ limits: OTLPLimits) {
        self.limits = limits
    }

    /// Counts a value or another small part.
    mutating func count() throws(OTLPError) {
        parts += 1
        guard parts <= limits.values else { throw .tooMany("values", limit: limits.values) }
    }

    /// A text as PostgreSQL can store it: what is not UTF-8 becomes U+FFFD, and U+0000 becomes U+2400.
    func text(_ reader: ProtobufReader, _ range: Range<Int>) -> String {
        // Three bytes more, so that a character that the limit divides is seen whole.
        let part = reader.bytes[range].prefix(limits.text + 3)
        var text = String(decoding: part, as: UTF8.self)
        if text.utf8.contains(0) {
            text = String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{2400}" : $0 }))
        }
        guard text.utf8.count > limits.text else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: limits.text)
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        return String(text[..<end])
    }

    // MARK: - Attributes

    /// Reads an attribute at the end of a list; beyond the limit it is counted as dropped.
    mutating func attribute(
        _ reader: ProtobufReader,
        _ range: Range<Int>,
        to attributes: inout [Attribute],
        dropped: inout UInt32
    ) throws(OTLPError) {
        try count()
        guard attributes.count < limits.attributes else {
            dropped = dropped == .max ? .max : dropped + 1
            return
        }
        attributes.append(try attribute(reader.part(range), depth: 0))
    }

    private mutating func attribute(_ part: ProtobufReader, depth: Int) throws(OTLPError) -> Attribute {
        var part = part
        var attribute = Attribute("", .empty)
        while let field = try part.field() {
            switch (field.number, field.value) {
            case (1, .bytes(let range)): attribute.key = text(part, range)
            case (2, .bytes(let range)): attribute.value = try value(part.part(range), depth: depth)
            default: break
            }
        }
        return attribute
    }

    private mutating func value(_ part: ProtobufReader, depth: Int) throws(OTLPError) -> AttributeValue {
        try count()
        var part = part
        var value = AttributeValue.empty
        while let field = try part.field() {
            switch (field.number, field.value) {
            case (1, .bytes(let range)): value = .string(text(part, range))
            case (2, .varint(let flag)): value = .bool(flag != 0)
            case (3, .varint(let number)): value = .int(Int64(bitPattern: number))
            case (4, .fixed64(let bits)): value = .double(Self.double(bits))
            case (5, .bytes(let range)): value = try array(part.part(range), depth: depth + 1)
            case (6, .bytes(let range)): value = try map(part.part(range), depth: depth + 1)
            case (7, .bytes(let range)): value = .bytes(Array(part.bytes[range].prefix(limits.text)))
            default: break
            }
        }
        return value
    }

    /// A number whose bits compare: there are many NaNs, of which JSON has one.
    static func double(_ bits: UInt64) -> Double {
        let number = Double(bitPattern: bits)
        return number.isNaN ? .nan : number
    }

    private mutating func array(_ part: ProtobufReader, depth: Int) throws(OTLPError) -> AttributeValue {
        guard depth <= limits.depth else { return .empty }
        var part = part
        var elements: [AttributeValue] = []
        while let field = try part.field() {
            guard case (1, .bytes(let range)) = (field.number, field.value) else { continue }
            elements.append(try value(part.part(range), depth: depth))
        }
        return .array(elements)
    }

    private mutating func map(_ part: ProtobufReader, depth: Int) throws(OTLPError) -> AttributeValue {
        guard depth <= limits.depth else { return .empty }
        var part = part
        var members: [Attribute] = []
        while let field = try part.field() {
            guard case (1, .bytes(let range)) = (field.number, field.value) else { continue }
            try count()
            members.append(try attribute(part.part(range), depth: depth))
        }
        return .map(members)
    }

    // MARK: - Who sends

    /// The attributes of a resource.
    mutating func resource(_ part: ProtobufReader) throws(OTLPError) -> [Attribute] {
        var part = part
        var attributes: [Attribute] = []
        var dropped: UInt32 = 0
        while let field = try part.field() {
            guard case (1, .bytes(let range)) = (field.number, field.value) else { continue }
            try attribute(part, range, to: &attributes, dropped: &dropped)
        }
        return attributes
    }

    /// An instrumentation scope.
    mutating func scope(_ part: ProtobufReader) throws(OTLPError) -> SpanBatch.Scope {
        var part = part
        var scope = SpanBatch.Scope()
        var dropped: UInt32 = 0
        while let field = try part.field() {
            switch (field.number, field.value) {
            case (1, .bytes(let range)): scope.name = text(part, range)
            case (2, .bytes(let range)): scope.version = text(part, range)
            case (3, .bytes(let range)):
                try attribute(part, range, to: &scope.attributes, dropped: &dropped)
            default: break
            }
        }
        return scope
    }

    /// The spans or metrics of one scope of one resource.
    struct Scoped {
        let resource: [Attribute]
        let scope: SpanBatch.Scope
        let parts: [ProtobufReader]
    }

    /// What a request has, whatever its signal.
    mutating func scopes(_ bytes: [UInt8]) throws(OTLPError) -> [Scoped] {
        var request = ProtobufReader(bytes)
        var found: [Scoped] = []
        while let field = try request.field() {
            guard case (1, .bytes(let range)) = (field.number, field.value) else { continue }
            try count()
            let (owner, scopes) = try group(request.part(range))
            var resource: [Attribute] = []
            if let owner { resource = try self.resource(owner) }
            for part in scopes {
                let (owner, parts) = try group(part)
                var scope = SpanBatch.Scope()
                if let owner { scope = try self.scope(owner) }
                found.append(Scoped(resource: resource, scope: scope, parts: parts))
            }
        }
        return found
    }

    /// What `ResourceSpans` and `ResourceMetrics`, `ScopeSpans` and `ScopeMetrics` have: who it is, and its parts.
    private mutating func group(
        _ part: ProtobufReader
    ) throws(OTLPError) -> (owner: ProtobufReader?, parts: [ProtobufReader]) {
        var part = part
        var owner: ProtobufReader?
        var parts: [ProtobufReader] = []
        while let field = try part.field() {
            switch (field.number, field.value) {
            case (1, .bytes(let range)): owner = part.part(range)
            case (2, .bytes(let range)):
                try count()
                parts.append(part.part(range))
            default: break
            }
        }
        return (owner, parts)
    }
}

extension ProtobufReader {
    /// `next()` with the error of this module.
    mutating func field() throws(OTLPError) -> Field? {
        do { return try next() } catch { throw .protobuf(error) }
    }
}
