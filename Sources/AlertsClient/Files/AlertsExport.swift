internal import Alerts
internal import Configuration
internal import Core
internal import Notifications

/// Writes what a server has as a file that `AlertsFileReader` reads. Secrets are placeholders.
package struct AlertsExport {
    private var lines: [String] = []

    /// The lines of a file with the channels and rules whose origin is meant.
    package static func lines(
        _ channels: [ShownChannel],
        _ rules: [ShownRule],
        isMeant: (String) -> Bool = { _ in true }
    ) -> [String] {
        var export = AlertsExport()
        export.lines = [
            "# Channels and rules of Weir. `weir alerts apply` takes this file; secrets are variables of its environment."
        ]
        export.write(channels.filter { isMeant($0.origin) })
        let names = Dictionary(channels.map { ($0.id, $0.name) }) { first, _ in first }
        // What is adopted tells the channels that it names, and no others.
        let all = channels.filter { $0.origin != "observability" }.map(\.id)
        let rules = rules.filter { isMeant($0.origin) }.map { rule in
            var rule = rule
            if rule.tellsAll { rule.channels = all }
            return rule
        }
        if !rules.isEmpty { export.lines += ["", "rules:"] }
        for (index, rule) in rules.enumerated() {
            if index > 0 { export.lines.append("") }
            export.write(rule, names)
        }
        return export.lines
    }

    /// The lines of one rule, as they stand in a file below `rules:`.
    package static func lines(of rule: ShownRule, _ channels: [ShownChannel]) -> [String] {
        var export = AlertsExport()
        export.write(rule, Dictionary(channels.map { ($0.id, $0.name) }) { first, _ in first })
        return export.lines
    }

    // MARK: - Channels

    private mutating func write(_ channels: [ShownChannel]) {
        guard !channels.isEmpty else { return }
        lines += ["", "channels:"]
        for (index, channel) in channels.enumerated() {
            if index > 0 { lines.append("") }
            lines.append("  \(YAMLText.key(channel.name)):")
            lines.append("    kind: \(channel.kind)")
            if !channel.isEnabled { lines.append("    enabled: false") }
            for member in channel.config.members where member.value != .null { write(member, of: channel) }
        }
    }

    private mutating func write(_ member: JSONValue.Member, of channel: ShownChannel) {
        if member.value.isObject, channel.secretFields.contains(where: { $0.hasPrefix("\(member.name).") }) {
            lines.append("    \(YAMLText.key(member.name)):")
            for part in member.value.members {
                let isSecret = channel.secretFields.contains("\(member.name).\(part.name)")
                let value =
                    isSecret
                    ? Self.placeholder(channel, [member.name, part.name])
                    : YAMLText.value(Self.escaped(part.value))
                lines.append("      \(YAMLText.key(part.name)): \(value)")
            }
        } else if channel.secretFields.contains(member.name) {
            write(secret: member, of: channel)
        } else {
            lines.append("    \(YAMLText.key(member.name)): \(YAMLText.value(Self.escaped(member.value)))")
        }
    }

    /// What a reference names is a secret, too: the file gets the secret itself from a variable.
    private mutating func write(secret member: JSONValue.Member, of channel: ShownChannel) {
        let isReference = member.name.hasSuffix("_ref")
        let name = isReference ? String(member.name.dropLast(4)) : member.name
        let shown = member.value.string.flatMap { $0 == Redaction.mask ? nil : $0 }
        let comment =
            isReference
            ? "  # the server has it by \(member.name)"
            : shown.map { "  # \(TerminalText.value($0))/…" } ?? ""
        lines.append("    \(YAMLText.key(name)): \(Self.placeholder(channel, [name]))\(comment)")
    }

    /// `${PHONE_URL}` for the url of the channel `phone`.
    private static func placeholder(_ channel: ShownChannel, _ path: [String]) -> String {
        let words = ([channel.name] + path).joined(separator: "_").uppercased()
        let name = String(
            words.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
        )
        return "${\(name.first?.isNumber == true ? "_" : "")\(name)}"
    }

    private static func escaped(_ value: JSONValue) -> JSONValue {
        switch value {
        case .text(let text): .text(Placeholders.escaped(text))
        case .list(let elements): .list(elements.map(escaped))
        case .object(let members): .object(members.map { .init($0.name, escaped($0.value)) })
        case .null, .flag, .number: value
        }
    }

    // MARK: - Rules

    private mutating func write(_ rule: ShownRule, _ names: [String: String]) {
        lines.append("  \(YAMLText.key(rule.name)):")
        if let text = rule.description { lines.append("    description: \(YAMLText.text(text))") }
        lines.append("    when: \(rule.kind)")
        write(config: rule)
        lines.append("    severity: \(rule.severity)")
        if let project = rule.project { lines.append("    project: \(YAMLText.text(project))") }
        if !rule.scope.isEmpty {
            lines.append("    scope:")
            for (name, value) in rule.scope.sorted(by: { $0.key < $1.key }) {
                lines.append("      \(YAMLText.key(name)): \(YAMLText.text(value))")
            }
        }
        let channels = rule.channels.compactMap { names[$0] }
        if !channels.isEmpty {
            lines.append(
                "    channels: [\(channels.map { YAMLText.text($0, inList: true) }.joined(separator: ", "))]"
            )
        }
        lines.append("    cooldown: \(DurationText(.seconds(rule.cooldown)))")
        if rule.dedupeBy != "subject" { lines.append("    dedupe_by: \(rule.dedupeBy)") }
        if rule.sendsResolved { lines.append("    send_resolved: true") }
        if !rule.isEnabled { lines.append("    enabled: false") }
    }

    private mutating func write(config rule: ShownRule) {
        let members = rule.config.members.filter { $0.value != .null }
        guard !members.isEmpty else { return }
        lines.append("    with:")
        let kind = TriggerKind(rawValue: rule.kind)
        for member in members {
            var (name, value) = (member.name, YAMLText.value(member.value))
            if let kind, case .number(let digits) = member.value,
                let number = Double(String(decoding: digits, as: UTF8.self)),
                let text = UnitNames.text(number, for: member.name)
            {
                (name, value) = (UnitNames.short(member.name, kind), text)
            }
            lines.append("      \(YAMLText.key(name)): \(value)")
        }
    }
}

/// Values as YAML.
enum YAMLText {
    /// A key, in quotes where it could be read as something else.
    static func key(_ text: String) -> String { self.text(text) }

    /// A text, in quotes where it could be read as something else.
    static func text(_ text: String, inList: Bool = false) -> String {
        isPlain(text) && !(inList && text.contains(",")) ? text : quoted(text)
    }

    /// A value in one line.
    static func value(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .flag(let flag): String(flag)
        case .number(let digits): String(decoding: digits, as: UTF8.self)
        case .text(let text): self.text(text)
        case .list(let elements):
            "[\(elements.map { element(of: $0) }.joined(separator: ", "))]"
        case .object(let members):
            "{\(members.map { "\(quoted($0.name)): \(element(of: $0.value))" }.joined(separator: ", "))}"
        }
    }

    private static func element(of value: JSONValue) -> String {
        value.string.map { text($0, inList: true) } ?? self.value(value)
    }

    /// Words that no reader of YAML takes for anything else: 1.1 has more of those than 1.2.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, isLetter(first) || first == 95, text.last != " " else {
            return false
        }
        let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        return !words.contains(text.lowercased())
            && text.utf8.allSatisfy { isLetter($0) || (48...57).contains($0) || " _-./@+,".utf8.contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (65...90).contains(byte) || (97...122).contains(byte)
    }

    /// Strings of JSON are strings of YAML.
    private static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        JSONWriter.appendQuoted(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
