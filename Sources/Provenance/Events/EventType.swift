internal import Core

/// The name of what happened: dotted words, `family.verb`. Contract beampipe §3.4, §3.7.
enum EventType {
    /// Families whose events only those may post who may change Weir itself.
    static let reservedFamilies: Set<String> = ["execution", "discovery", "config", "alert", "worker"]

    /// The catalogue has one name of which a word is longer than others may be.
    private static let longName = "execution.submission_detected_after_abandonment"

    /// Whether a text is 2 to 4 words `[a-z][a-z0-9_]{0,31}`, divided by dots, and no longer than 128 characters.
    static func isValid(_ text: String) -> Bool {
        guard text.utf8.count <= 128 else { return false }
        if text == longName { return true }
        let words = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return (2...4).contains(words.count) && words.allSatisfy(isWord)
    }

    private static func isWord(_ word: Substring.UTF8View) -> Bool {
        guard (1...32).contains(word.count), let first = word.first, isLetter(first) else { return false }
        return word.allSatisfy {
            isLetter($0) || $0 &- UInt8(ascii: "0") < 10 || $0 == UInt8(ascii: "_")
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "a") < 26 }

    /// What stands before the first dot.
    static func family(_ type: String) -> String { String(type.prefix { $0 != "." }) }
}

/// How deep a JSON text is nested.
enum JSONDepth {
    /// How many containers lie within each other in valid JSON text: 1 for `{}`.
    static func of(_ json: ArraySlice<UInt8>) -> Int {
        var (depth, most) = (0, 0)
        var isText = false
        var isEscaped = false
        for byte in json {
            if isText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isText = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isText = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                most = max(most, depth)
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
        }
        return most
    }
}
