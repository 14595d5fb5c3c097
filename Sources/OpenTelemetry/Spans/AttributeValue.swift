/// The value of an attribute: OTLP's `AnyValue`.
package indirect enum AttributeValue: Hashable, Sendable {
    case string(String)
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case bytes([UInt8])
    case array([AttributeValue])
    case map([Attribute])
    /// An `AnyValue` without a value.
    case empty
}

/// A named value: OTLP's `KeyValue`.
package struct Attribute: Hashable, Sendable {
    /// By the semantic conventions, where there is one.
    package var key: String
    package var value: AttributeValue

    /// Makes an attribute.
    package init(_ key: String, _ value: AttributeValue) {
        self.key = key
        self.value = value
    }

    /// Makes an attribute of a text.
    package init(_ key: String, _ text: String) { self.init(key, .string(text)) }

    /// Makes an attribute of an integer.
    package init(_ key: String, _ number: Int64) { self.init(key, .int(number)) }
}

extension AttributeValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .int(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}
