package import Core

/// A value for `$1`, `$2`, … in a statement.
///
/// All travel in text format with their type left to the server, so that an `.int64` fits `int4`, `int8` and
/// `numeric` alike. Add a cast in the statement where the server can not infer one.
package enum Parameter: Hashable, Sendable {
    case null
    case bool(Bool)
    case int64(Int64)
    case double(Double)
    case text(String)
    /// UTF-8 text as bytes, such as rendered JSON. Not checked here: the server refuses bad UTF-8.
    case utf8([UInt8])
    /// A `bytea`.
    case bytes([UInt8])
    case timestamp(Timestamp)
    case uuid(UUID128)
    case boolArray([Bool?])
    case int64Array([Int64?])
    case doubleArray([Double?])
    case textArray([String?])
    case timestampArray([Timestamp?])
    case uuidArray([UUID128?])
}

extension Parameter {
    /// `.null` for nil, else the text.
    package static func optional(_ value: String?) -> Parameter { value.map(Parameter.text) ?? .null }
    /// `.null` for nil, else the integer.
    package static func optional(_ value: Int64?) -> Parameter { value.map(Parameter.int64) ?? .null }
    /// `.null` for nil, else the integer.
    package static func optional(_ value: Int?) -> Parameter { value.map(Parameter.int) ?? .null }
    /// `.null` for nil, else the number.
    package static func optional(_ value: Double?) -> Parameter { value.map(Parameter.double) ?? .null }
    /// `.null` for nil, else the truth value.
    package static func optional(_ value: Bool?) -> Parameter { value.map(Parameter.bool) ?? .null }
    /// `.null` for nil, else the instant.
    package static func optional(_ value: Timestamp?) -> Parameter { value.map(Parameter.timestamp) ?? .null }
    /// `.null` for nil, else the identifier.
    package static func optional(_ value: UUID128?) -> Parameter { value.map(Parameter.uuid) ?? .null }

    /// An integer of the platform's width.
    package static func int(_ value: Int) -> Parameter { .int64(Int64(value)) }
}

extension Parameter: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral
{
    package init(nilLiteral: ()) { self = .null }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int64) { self = .int64(value) }
    package init(floatLiteral value: Double) { self = .double(value) }
    package init(stringLiteral value: String) { self = .text(value) }
}

// MARK: - Text format

extension Parameter {
    /// Adds the value's text format to `arena`.
    func append(to arena: inout CStringArena) {
        switch self {
        case .null: arena.appendNull()
        case .utf8(let bytes): arena.append { $0.append(contentsOf: bytes) }
        default: arena.append(appendText)
        }
    }

    /// Only text can hold a NUL; every other format is made here, of digits and punctuation.
    var mayHoldNUL: Bool {
        switch self {
        case .text, .utf8, .textArray: true
        default: false
        }
    }

    private func appendText(to buffer: inout [UInt8]) {
        switch self {
        case .null, .utf8: preconditionFailure("BUG: handled by append(to:)")
        case .bool(let value): TextFormat.append(value, to: &buffer)
        case .int64(let value): TextFormat.append(value, to: &buffer)
        case .double(let value): TextFormat.append(value, to: &buffer)
        case .text(let value): buffer.append(contentsOf: value.utf8)
        case .bytes(let value): TextFormat.append(hex: value, to: &buffer)
        case .timestamp(let value): TextFormat.append(value, to: &buffer)
        case .uuid(let value): TextFormat.append(value, to: &buffer)
        case .boolArray(let items): TextFormat.append(array: items, to: &buffer, TextFormat.append)
        case .int64Array(let items): TextFormat.append(array: items, to: &buffer, TextFormat.append)
        case .doubleArray(let items): TextFormat.append(array: items, to: &buffer, TextFormat.append)
        case .textArray(let items):
            TextFormat.append(array: items, to: &buffer, TextFormat.append(quoted:to:))
        case .timestampArray(let items):
            TextFormat.append(array: items, to: &buffer) { item, buffer in
                buffer.append(UInt8(ascii: "\""))
                TextFormat.append(item, to: &buffer)
                buffer.append(UInt8(ascii: "\""))
            }
        case .uuidArray(let items): TextFormat.append(array: items, to: &buffer, TextFormat.append)
        }
    }
}
