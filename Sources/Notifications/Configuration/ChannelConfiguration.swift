package import Core

/// The configuration of a channel. Contract beampipe §4.3–4.5.
package struct ChannelConfiguration: Hashable, Sendable {
    package let kind: ChannelKind
    /// As it was written: an object, unless somebody wrote something else, which `problems` reports.
    package let config: JSONValue

    /// Takes a configuration as a request or the database has it.
    package init(kind: ChannelKind, config: JSONNode) {
        self.init(kind: kind, config: JSONValue(config))
    }

    /// Takes a configuration.
    package init(kind: ChannelKind, config: JSONValue) {
        self.kind = kind
        self.config = config
    }

    /// The configuration as JSON text, with its secrets.
    package var json: [UInt8] { config.json }

    /// The keys at the top, sorted.
    package var configuredFields: [String] { config.members.map(\.name).sorted() }

    func field(_ name: String) -> ChannelField? { kind.fields.first { $0.name == name } }

    /// A text that is not empty.
    func text(_ name: String) -> String? {
        guard let text = config[name]?.string, !text.isEmpty else { return nil }
        return text
    }

    /// The texts of a list, or of one text with commas, semicolons or line breaks; without blanks and repetitions.
    func texts(_ name: String) -> [String] {
        let parts: [String] =
            switch config[name] {
            case .text(let text):
                text.split { $0 == "," || $0 == ";" || $0.isNewline }.map(String.init)
            case .list(let elements): elements.compactMap(\.string)
            default: []
            }
        var seen: Set<String> = []
        return parts.map(Self.trimmed).filter { !$0.isEmpty && seen.insert($0).inserted }
    }

    private static func trimmed(_ text: String) -> String {
        let front = text.drop { $0.isWhitespace }
        guard let last = front.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(front[...last])
    }
}
