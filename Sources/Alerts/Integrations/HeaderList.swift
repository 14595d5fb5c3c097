internal import Notifications

/// The header fields of an OpenTelemetry document: an object, lines `key=value`, or a comma list of them as
/// `OTEL_EXPORTER_OTLP_HEADERS` is. Contract pipelogiq §1.4.
struct HeaderList: Sendable {
    let fields: [(name: String, value: String)]

    /// Nil for a value that is neither, or has a value that is no text.
    init?(_ value: JSONValue) {
        switch value {
        case .null: fields = []
        case .text(let text):
            var found: [(name: String, value: String)] = []
            for part in Self.parts(text) where !part.trimmed.isEmpty {
                guard let equals = part.firstIndex(of: "="), equals > part.startIndex else { return nil }
                let value = String(part[part.index(after: equals)...]).trimmed
                found.append((String(part[..<equals]).trimmed, value))
            }
            fields = found
        case .object(let members):
            guard members.allSatisfy({ $0.value.string != nil }) else { return nil }
            fields = members.map { ($0.name, $0.value.string ?? "") }
        default: return nil
        }
    }

    func value(of name: String) -> String? { fields.last { $0.name == name }?.value }

    /// The text with each value replaced, everything else as it was written.
    static func rewrite(_ text: String, _ change: (_ name: String, _ value: String) -> String) -> String {
        let text = text.replacing("\r\n", with: "\n")
        let separator = self.separator(text)
        return text.split(separator: separator, omittingEmptySubsequences: false).map { part in
            guard let equals = part.firstIndex(of: "=") else {
                return part.allSatisfy(\.isWhitespace) ? String(part) : change("", String(part))
            }
            let value = part[part.index(after: equals)...]
            let kept = value.trimmedText
            guard !kept.isEmpty else { return String(part) }
            return String(part[...equals]) + change(part[..<equals].trimmedText, kept)
        }.joined(separator: String(separator))
    }

    /// Lines; a text of one line is a comma list.
    private static func separator(_ text: String) -> Character {
        text.trimmed.contains(where: \.isNewline) ? "\n" : ","
    }

    private static func parts(_ text: String) -> [String] {
        let text = text.replacing("\r\n", with: "\n")
        return text.split(separator: separator(text)).map(String.init)
    }
}

extension Substring {
    /// The text without white space at its ends.
    var trimmedText: String { String(self).trimmed }
}
