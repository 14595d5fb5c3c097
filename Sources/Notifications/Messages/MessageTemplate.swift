/// A text with the fields of a notification: `{severity}: {title} in {labels.project}`.
///
/// `{{` and `}}` stand for the braces themselves. A field that a notification does not have is empty.
package struct MessageTemplate: Hashable, Sendable {
    /// Where a template is not one.
    package struct SyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
        /// The character at which the fault begins, counted from 1.
        package let position: Int
        package let description: String
        /// What to write instead.
        package let hint: String
    }

    private enum Part: Hashable, Sendable {
        case text(String)
        case field(Field)
    }

    private enum Field: Hashable, Sendable {
        case plain(String)
        case label(String)
        case fact(String)
        case link(Int, isURL: Bool)
    }

    private static let plain = [
        "title", "text", "event", "severity", "project", "incident", "state", "at", "suppressed",
    ]
    private static let hint =
        "the fields are \(plain.joined(separator: ", ")), labels.NAME, facts.NAME, links.0.url and links.0.text;"
        + " write {{ for a brace"

    private let parts: [Part]

    /// Reads a template.
    package init(_ text: String) throws(SyntaxError) {
        var parts: [Part] = []
        var literal = ""
        var rest = text[...]
        var position = 1
        while let character = rest.first {
            let isDoubled = rest.dropFirst().first == character
            switch character {
            case "{" where isDoubled, "}" where isDoubled:
                literal.append(character)
                rest = rest.dropFirst(2)
                position += 2
            case "{":
                if !literal.isEmpty { parts.append(.text(literal)) }
                literal = ""
                guard let end = rest.firstIndex(of: "}") else {
                    throw Self.fault(position, "a field is opened and never closed")
                }
                let name = rest[rest.index(after: rest.startIndex)..<end]
                parts.append(.field(try Self.field(name, at: position)))
                rest = rest[rest.index(after: end)...]
                position += name.count + 2
            case "}": throw Self.fault(position, "a field is closed that was never opened")
            default:
                literal.append(character)
                rest = rest.dropFirst()
                position += 1
            }
        }
        if !literal.isEmpty { parts.append(.text(literal)) }
        self.parts = parts
    }

    private static func fault(_ position: Int, _ what: String) -> SyntaxError {
        SyntaxError(position: position, description: "character \(position): \(what)", hint: hint)
    }

    private static func field(_ name: Substring, at position: Int) throws(SyntaxError) -> Field {
        let name = String(name.filter { $0 != " " })
        if plain.contains(name) { return .plain(name) }
        for (prefix, make) in [("labels.", Field.label), ("facts.", Field.fact)]
        where name.hasPrefix(prefix) && name.count > prefix.count {
            return make(String(name.dropFirst(prefix.count)))
        }
        let words = name.split(separator: ".", omittingEmptySubsequences: false)
        if words.count == 3, words[0] == "links", let index = Int(words[1]), index >= 0,
            words[2] == "url" || words[2] == "text"
        {
            return .link(index, isURL: words[2] == "url")
        }
        throw fault(position, "there is no field \(Cut.text(name, to: .utf16(60)))")
    }

    /// The text for a notification.
    package func render(_ notification: AlertNotification) -> String {
        parts.map { part in
            switch part {
            case .text(let text): text
            case .field(let field): Self.value(field, notification)
            }
        }.joined()
    }

    private static func value(_ field: Field, _ notification: AlertNotification) -> String {
        switch field {
        case .label(let name): return notification.label(name) ?? ""
        case .fact(let name): return notification.facts.first { $0.name == name }?.text ?? ""
        case .link(let index, let isURL):
            guard notification.links.indices.contains(index) else { return "" }
            return isURL ? notification.links[index].url : notification.links[index].text
        case .plain(let name): return plainValue(name, notification)
        }
    }

    private static func plainValue(_ name: String, _ notification: AlertNotification) -> String {
        switch name {
        case "title": notification.title
        case "text": notification.text
        case "event": notification.event
        case "severity": notification.severity.rawValue
        case "project": notification.project ?? ""
        case "incident": notification.incident
        case "state": notification.state.rawValue
        case "at": notification.at.seconds
        case "suppressed": String(notification.suppressed)
        default: ""
        }
    }
}
