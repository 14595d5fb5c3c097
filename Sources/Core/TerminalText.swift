/// Text that came from outside, made safe for a terminal and for a line of a log (CWE-150).
///
/// Characters that a terminal would obey, or that could deceive a reader, are escaped like `\u001b`: C0 and C1 control
/// characters, DEL, and the characters that turn the direction of text or break lines. Within a string of JSON that is
/// the same character, so that JSON stays JSON with the same meaning.
package enum TerminalText {
    /// The text with all of those escaped, line breaks and tabs too: for one value within a line.
    package static func value(_ text: String) -> String { escaped(text, keepsLayout: false) }

    /// The text with all but line feeds and tabs escaped: for text with its own layout.
    package static func layout(_ text: String) -> String { escaped(text, keepsLayout: true) }

    private static func escaped(_ text: String, keepsLayout: Bool) -> String {
        guard text.utf8.contains(where: { mayBegin($0) }) else { return text }
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isLayout = scalar == "\n" || scalar == "\t"
            if isUnsafe(scalar), !(keepsLayout && isLayout) {
                shown.append(contentsOf: notation(scalar).unicodeScalars)
            } else {
                shown.append(scalar)
            }
        }
        return String(shown)
    }

    /// Whether a byte of UTF-8 may begin a character that is escaped.
    private static func mayBegin(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7F || byte == 0xC2 || byte == 0xD8 || byte == 0xE2 || byte == 0xEF
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F: true
        // Arabic letter mark; left-to-right and right-to-left marks.
        case 0x061C, 0x200E, 0x200F: true
        // Line and paragraph separators; embeddings, overrides and isolates.
        case 0x2028...0x202E, 0x2066...0x2069: true
        case 0xFEFF: true
        default: false
        }
    }

    private static func notation(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
