/// Reads matchers as amtool takes them: `alertname=x`, `process=~"A.*"`, `{a="b", c!=d}`.
package enum MatcherReader {
    /// Reads every argument; the first word without a sign is the name of a rule, as amtool has it.
    package static func read(_ arguments: [String]) throws(AlertsFailure) -> [LabelMatcher] {
        var matchers: [LabelMatcher] = []
        for (index, argument) in arguments.enumerated() {
            let text = trimmed(argument[...])
            let isBare = !text.contains { "=!~{}".contains($0) }
            if index == 0, isBare, !text.isEmpty {
                matchers.append(LabelMatcher(name: "alertname", value: text, isRegex: false, isEqual: true))
                continue
            }
            for part in parts(text) { matchers.append(try matcher(part)) }
        }
        guard !matchers.isEmpty else {
            throw AlertsFailure("name at least one matcher, such as alertname=x or 'process=~\"A.*\"'")
        }
        return matchers
    }

    /// What stands between commas, outside of quotes; braces around all of it are left out.
    private static func parts(_ text: String) -> [String] {
        var text = text[...]
        if text.hasPrefix("{"), text.hasSuffix("}") { text = text.dropFirst().dropLast() }
        var parts = [""]
        var (isQuoted, isEscaped) = (false, false)
        for character in text {
            if character == ",", !isQuoted {
                parts.append("")
                continue
            }
            if character == "\"", !isEscaped { isQuoted.toggle() }
            isEscaped = character == "\\" && !isEscaped
            parts[parts.count - 1].append(character)
        }
        return parts.map { trimmed($0[...]) }.filter { !$0.isEmpty }
    }

    private static func matcher(_ text: String) throws(AlertsFailure) -> LabelMatcher {
        let name = text.prefix { !"=!~".contains($0) }
        let rest = text[name.endIndex...]
        let sign = ["=~", "!~", "!=", "="].first { rest.hasPrefix($0) }
        let label = trimmed(name)
        guard let sign, isName(label) else {
            throw AlertsFailure(
                "'\(text)' is no matcher: write label=value, label!=value, label=~regex or label!~regex"
            )
        }
        let written = trimmed(rest.dropFirst(sign.count))
        return LabelMatcher(
            name: label,
            value: try value(written, text),
            isRegex: sign.hasSuffix("~"),
            isEqual: sign.hasPrefix("=")
        )
    }

    private static func value(_ written: String, _ matcher: String) throws(AlertsFailure) -> String {
        guard written.hasPrefix("\"") else {
            guard !written.contains("\"") else { throw unbalanced(matcher) }
            return written
        }
        guard written.count >= 2, written.hasSuffix("\"") else { throw unbalanced(matcher) }
        var value = ""
        var isEscaped = false
        for character in written.dropFirst().dropLast() {
            if isEscaped {
                switch character {
                case "n": value.append("\n")
                case "t": value.append("\t")
                case "\\", "\"": value.append(character)
                // A pattern's own escape, such as \d.
                default: value += "\\\(character)"
                }
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                throw unbalanced(matcher)
            } else {
                value.append(character)
            }
        }
        guard !isEscaped else { throw unbalanced(matcher) }
        return value
    }

    private static func unbalanced(_ matcher: String) -> AlertsFailure {
        AlertsFailure(
            "the quotes in '\(matcher)' don't match; the shell wants single quotes around all of it"
        )
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(48...57).contains(first) else { return false }
        return text.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 95
                || $0 == 58
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        let front = text.drop { $0.isWhitespace }
        guard let last = front.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(front[...last])
    }
}
