internal import API
internal import Core

/// Masks the values of named keys in a text of Nextflow's configuration language: `key = 'value'`, `a.b.key = "value"`, and
/// the maps within a line, `db = [user: 'x', key: 'value']`.
struct ConfigurationMask {
    private let redactor: Redactor
    private let bytes: [UInt8]
    private var position = 0
    private var output: [UInt8] = []
    /// The word or the quoted text before the position, if only blanks are between.
    private var key: Range<Int>?

    /// The text with every value behind a key that `redactor` knows replaced.
    static func masked(_ text: String, _ redactor: Redactor) -> String {
        var mask = ConfigurationMask(redactor: redactor, bytes: Array(text.utf8))
        mask.run()
        return String(decoding: mask.output, as: UTF8.self)
    }

    private init(redactor: Redactor, bytes: [UInt8]) {
        self.redactor = redactor
        self.bytes = bytes
        output.reserveCapacity(bytes.count)
    }

    private mutating func run() {
        while position < bytes.count {
            let byte = bytes[position]
            if Self.isOfWord(byte) {
                let end = self.end { Self.isOfWord($0) }
                key = position..<end
                copy(through: end)
            } else if Self.isQuote(byte) {
                quote()
            } else if byte == UInt8(ascii: "=") || byte == UInt8(ascii: ":") {
                copy(through: position + 1)
                if isMasked { maskValue() }
                key = nil
            } else {
                if !Self.isBlank(byte) { key = nil }
                copy(through: position + 1)
            }
        }
    }

    /// A text in quotes is a key itself, or the value of a word before it: `key 'value'` is a call.
    private mutating func quote() {
        let end = endOfQuote(position)
        if isMasked { return maskValue() }
        let marks = bytes[position..<end].prefix { $0 == bytes[position] }.count >= 3 ? 3 : 1
        key = position + marks..<max(position + marks, end - marks)
        copy(through: end)
    }

    private var isMasked: Bool {
        key.map { redactor.isMasked(String(decoding: bytes[$0], as: UTF8.self)) } ?? false
    }

    // MARK: - Values

    private mutating func maskValue() {
        output += Array(" '\(Redactor.mask)'".utf8)
        position = endOfValue()
        key = nil
    }

    /// Where a value ends: at the end of its line or element, outside of quotes and brackets.
    private func endOfValue() -> Int {
        var (index, depth) = (position, 0)
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                index = endOfQuote(index)
                continue
            case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "("): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ")"):
                if depth == 0 { return index }
                depth -= 1
            case UInt8(ascii: ","), UInt8(ascii: ";"), 0x0A, 0x0D:
                if depth == 0 { return index }
            default: break
            }
            index += 1
        }
        return index
    }

    /// Behind the quotes that begin at a place: one of a kind, or three.
    private func endOfQuote(_ start: Int) -> Int {
        let mark = bytes[start]
        let isLong = bytes[start...].prefix(3).allSatisfy { $0 == mark } && bytes.count - start >= 3
        var index = start + (isLong ? 3 : 1)
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\\") {
                index += 2
            } else if bytes[index] != mark {
                index += 1
            } else if !isLong {
                return index + 1
            } else if bytes[index...].prefix(3).allSatisfy({ $0 == mark }), bytes.count - index >= 3 {
                return index + 3
            } else {
                index += 1
            }
        }
        return bytes.count
    }

    // MARK: - Bytes

    private mutating func copy(through end: Int) {
        output += bytes[position..<end]
        position = end
    }

    private func end(while isInside: (UInt8) -> Bool) -> Int {
        bytes[position...].firstIndex { !isInside($0) } ?? bytes.count
    }

    private static func isOfWord(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "$") || byte >= 0x80
    }

    private static func isQuote(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"")
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
