/// Why bytes are not a JSON document.
package enum JSONError: Error, Hashable, Sendable {
    /// The bytes are not UTF-8; the offset is that of the first ill-formed sequence. Reported before any syntax error,
    /// wherever that is.
    case invalidUTF8(offset: Int)
    /// The text breaks the grammar of RFC 8259 at a byte offset.
    case syntax(JSONFault, offset: Int)
    /// The document has 4 GiB or more, which the node tape cannot address.
    case tooLarge(byteCount: Int)
    /// The document has more values and names than the limit; the scan stopped there.
    case tooManyValues(limit: Int)

    /// The byte offset of the fault.
    package var offset: Int {
        switch self {
        case .invalidUTF8(let offset), .syntax(_, let offset): offset
        case .tooLarge, .tooManyValues: 0
        }
    }

    /// The text of the fault, without its place; Python's text where Python has one.
    package var message: String {
        switch self {
        case .invalidUTF8: "invalid UTF-8"
        case .syntax(let fault, _): fault.rawValue
        case .tooLarge(let byteCount): "document of \(byteCount) bytes exceeds the limit of 4 GiB"
        case .tooManyValues(let limit): "document has more than \(limit) values and names"
        }
    }

    /// A bounded word for metric labels: `not_utf8`, `not_json`, `too_large` or `too_many_values`.
    package var reason: String {
        switch self {
        case .invalidUTF8: "not_utf8"
        case .syntax: "not_json"
        case .tooLarge: "too_large"
        case .tooManyValues: "too_many_values"
        }
    }

    /// The text of Python's `JSONDecodeError`: `Expecting value: line 1 column 5 (char 4)`.
    package func description(in bytes: [UInt8]) -> String {
        JSONPosition(offset: offset, in: bytes).description(of: message)
    }
}

/// The ways to break the grammar of RFC 8259, in the words of Python's `json` module.
package enum JSONFault: String, Hashable, Sendable {
    /// No value begins here.
    case expectingValue = "Expecting value"
    /// A member must begin with a string.
    case expectingPropertyName = "Expecting property name enclosed in double quotes"
    /// No colon follows the key.
    case expectingColon = "Expecting ':' delimiter"
    /// Neither a comma nor the container's end follows the value.
    case expectingComma = "Expecting ',' delimiter"
    /// Something follows the document.
    case extraData = "Extra data"
    /// The string that begins here never ends.
    case unterminatedString = "Unterminated string starting at"
    /// A byte below 0x20 is in a string.
    case invalidControlCharacter = "Invalid control character at"
    /// A backslash is followed by a character that names no escape.
    case invalidEscape = "Invalid \\escape"
    /// The four hexadecimal digits are missing; the offset is that of the `u`.
    case invalidUnicodeEscape = "Invalid \\uXXXX escape"
}

/// A place in a JSON text as Python counts it: in characters, without a leading byte order mark.
package struct JSONPosition: Hashable, Sendable {
    /// Characters before the place.
    package let character: Int
    /// The line, from 1; lines end with a line feed.
    package let line: Int
    /// The character within the line, from 1.
    package let column: Int

    /// Counts characters up to a byte offset; the bytes before it must be UTF-8. Costs a pass over them.
    package init(offset: Int, in bytes: [UInt8]) {
        let start = bytes.starts(with: JSONScanner.byteOrderMark) ? JSONScanner.byteOrderMark.count : 0
        var character = 0
        var line = 1
        var lineStart = 0
        for byte in bytes[min(start, offset)..<min(offset, bytes.count)] where byte & 0xC0 != 0x80 {
            character += 1
            if byte == UInt8(ascii: "\n") {
                line += 1
                lineStart = character
            }
        }
        self.character = character
        self.line = line
        self.column = character - lineStart + 1
    }

    /// A message and this place, as Python writes them: `Expecting value: line 1 column 5 (char 4)`.
    package func description(of message: String) -> String {
        "\(message): line \(line) column \(column) (char \(character))"
    }
}
