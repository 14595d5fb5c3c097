/// Reads the text of a setting.
package struct SettingParser<Value: Sendable>: Sendable {
    /// The accepted values, as a noun phrase for error lines and the documentation.
    package let accepts: String
    /// Reads a trimmed text.
    package let parse: @Sendable (_ text: String) throws(SettingComplaint) -> Value

    /// Makes a reader.
    package init(
        accepts: String,
        parse: @escaping @Sendable (_ text: String) throws(SettingComplaint) -> Value
    ) {
        self.accepts = accepts
        self.parse = parse
    }
}

extension SettingParser where Value == String {
    /// Any text that is not empty.
    package static func text(_ accepts: String) -> Self {
        SettingParser(accepts: accepts) { text throws(SettingComplaint) in
            guard !text.isEmpty else { throw SettingComplaint(why: "it is empty") }
            return text
        }
    }
}

extension SettingParser where Value == String? {
    /// Any text; an empty one is "not set".
    package static func optionalText(_ accepts: String) -> Self {
        SettingParser(accepts: accepts) { text throws(SettingComplaint) in text.isEmpty ? nil : text }
    }
}

extension SettingParser where Value == Bool {
    /// True or false, in the usual words.
    package static var flag: Self {
        SettingParser(accepts: "true or false (also 1/0, yes/no, on/off)") { text throws(SettingComplaint) in
            switch text.lowercased() {
            case "1", "true", "yes", "on": return true
            case "0", "false", "no", "off": return false
            default: throw SettingComplaint(why: "it is neither true nor false")
            }
        }
    }
}

extension SettingParser where Value == Int {
    /// A whole number within bounds.
    package static func integer(_ range: ClosedRange<Int>) -> Self {
        let accepts = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        return SettingParser(accepts: accepts) { text throws(SettingComplaint) in
            guard let number = Int(text) else { throw SettingComplaint(why: "it is not a whole number") }
            guard range.contains(number) else { throw SettingComplaint(why: "it is out of range") }
            return number
        }
    }

    /// A size with a unit, in bytes within bounds.
    package static func bytes(_ range: ClosedRange<Int>) -> Self {
        let accepts = """
            a size from \(ByteSize(range.lowerBound)) to \(ByteSize(range.upperBound)) \
            such as 64KiB, 32MiB or 1G (powers of 1024)
            """
        return SettingParser(accepts: accepts) { text throws(SettingComplaint) in
            guard let size = ByteSize(text) else { throw SettingComplaint(why: "it is not a size") }
            guard range.contains(size.bytes) else { throw SettingComplaint(why: "it is out of range") }
            return size.bytes
        }
    }
}

extension SettingParser where Value == Duration {
    /// A duration with a unit, within bounds.
    package static func duration(_ range: ClosedRange<Duration>) -> Self {
        let accepts = """
            a duration from \(DurationText(range.lowerBound)) to \(DurationText(range.upperBound)) \
            such as 500ms, 75s, 10m, 24h or 14d
            """
        return SettingParser(accepts: accepts) { text throws(SettingComplaint) in
            guard let duration = DurationText(text)?.duration else {
                throw SettingComplaint(why: "it is not a duration")
            }
            guard range.contains(duration) else { throw SettingComplaint(why: "it is out of range") }
            return duration
        }
    }
}

extension SettingParser {
    /// One of the cases of an enum, in any case of letters.
    package static func word() -> Self
    where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
        let words = Value.allCases.map(\.rawValue).joined(separator: ", ")
        return SettingParser(accepts: "one of \(words)") { text throws(SettingComplaint) in
            guard let value = Value(rawValue: text.lowercased()) else {
                throw SettingComplaint(why: "it is none of these words")
            }
            return value
        }
    }

    /// A comma list; empty elements are dropped.
    package static func list<Element: Sendable>(
        _ accepts: String,
        _ parse: @escaping @Sendable (_ element: String) throws(SettingComplaint) -> Element
    ) -> Self where Value == [Element] {
        SettingParser(accepts: accepts) { text throws(SettingComplaint) in
            var elements: [Element] = []
            for part in text.split(separator: ",") {
                let element = part.trimmed
                if !element.isEmpty { elements.append(try parse(element)) }
            }
            return elements
        }
    }
}

extension SettingParser where Value == [String] {
    /// Words separated by commas.
    package static func words(_ accepts: String) -> Self {
        .list(accepts) { element throws(SettingComplaint) in element }
    }
}

extension StringProtocol {
    /// Without blanks and tabs at both ends.
    package var trimmed: String {
        let start = drop { $0.isWhitespace }
        guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...end])
    }
}
