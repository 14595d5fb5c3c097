/// What nobody may see. Contract beampipe §6.6.
package enum Redaction {
    /// What stands for a secret.
    package static let mask = "[REDACTED]"

    private static let words = [
        "password", "passphrase", "passcode", "token", "secret", "credential", "authorization",
        "routing_key", "private_key", "webhook", "api_key",
    ]
    private static let markers = [
        "password=", "passphrase=", "passcode=", "token=", "secret=", "apikey=", "api_key=", "authorization=",
    ]

    /// Whether the value of a key with this name is a secret.
    package static func isSecret(_ name: String) -> Bool {
        let name = name.lowercased()
        return words.contains { name.contains($0) }
    }

    /// A text without what follows `password=`, `token=` and the like, up to `&`, a blank or a quote.
    package static func text(_ text: String) -> String {
        var text = text
        for marker in markers {
            var start = text.startIndex
            while let found = text[start...].firstRange(ofSmall: marker) {
                let rest = text[found.upperBound...]
                let end = rest.firstIndex { $0 == "&" || $0.isWhitespace || $0 == "\"" || $0 == "'" }
                let before = text.distance(from: text.startIndex, to: found.upperBound)
                text.replaceSubrange(found.upperBound..<(end ?? text.endIndex), with: mask)
                start = text.index(text.startIndex, offsetBy: before + mask.count)
            }
        }
        return text
    }
}

extension Substring {
    fileprivate func firstRange(ofSmall word: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            let end = index(start, offsetBy: word.count, limitedBy: endIndex)
            guard let end else { return nil }
            if self[start..<end].lowercased() == word { return start..<end }
            start = index(after: start)
        }
        return nil
    }
}
