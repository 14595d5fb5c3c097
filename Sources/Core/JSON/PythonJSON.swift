/// JSON as Python's `json.dumps` writes it: with NaN, Infinity and -Infinity, which JSON does not have.
package struct PythonJSON {
    /// The text with each of them replaced: by null where it is a member of the outermost object, which would have to be
    /// a number, and by its name as a text further inside.
    package let bytes: [UInt8]
    /// How many there were.
    package let replaced: Int

    /// Searches a text; nil if there is nothing to replace.
    package init?(_ text: [UInt8]) {
        var bytes: [UInt8] = []
        var (replaced, depth, index) = (0, 0, 0)
        var (isInString, isEscaped) = (false, false)
        while index < text.count {
            let byte = text[index]
            if isInString {
                isInString = byte != 0x22 || isEscaped
                isEscaped = byte == 0x5C && !isEscaped
            } else if let word = Self.words.first(where: { text[index...].starts(with: $0) }) {
                bytes += depth > 1 ? [0x22] + word + [0x22] : Array("null".utf8)
                replaced += 1
                index += word.count
                continue
            } else {
                isInString = byte == 0x22
                if byte == 0x7B || byte == 0x5B { depth += 1 }
                if byte == 0x7D || byte == 0x5D { depth -= 1 }
            }
            bytes.append(byte)
            index += 1
        }
        guard replaced > 0 else { return nil }
        (self.bytes, self.replaced) = (bytes, replaced)
    }

    private static let words = ["NaN", "Infinity", "-Infinity"].map { Array($0.utf8) }
}
