internal import Core

/// A selector of series as Prometheus' `/federate` takes it: `name{label="value",label=~"pattern"}`.
struct SeriesSelector: Sendable {
    /// A condition on a label; a missing label counts as empty.
    struct Matcher: Sendable {
        enum Condition: Sendable {
            case equal([UInt8])
            case matching(RegularExpression)
        }

        let label: [UInt8]
        let condition: Condition
        let isNegated: Bool

        func accepts(_ value: [UInt8], _ work: inout Int) -> Bool {
            switch condition {
            case .equal(let text): (text == value) != isNegated
            case .matching(let pattern): pattern.matches(value, &work) != isNegated
            }
        }
    }

    /// What is wrong with a selector, as a sentence.
    struct SyntaxError: Error {
        let message: String
    }

    private static let nameLabel = Array("__name__".utf8)
    /// The most bytes of a selector.
    private static let mostBytes = 4096
    let matchers: [Matcher]

    /// Reads a selector.
    init(_ text: String) throws(SyntaxError) {
        guard text.utf8.count <= Self.mostBytes else {
            throw SyntaxError(message: "a selector has at most \(Self.mostBytes) bytes")
        }
        var scanner = SelectorScanner(text)
        matchers = try scanner.selector()
        var work = Int.max
        guard matchers.contains(where: { !$0.accepts([], &work) }) else {
            throw SyntaxError(message: "a selector needs a condition that an empty value does not meet")
        }
    }

    /// Whether a line is meant; what it costs is taken from `work`.
    func matches(_ name: [UInt8], _ labels: [LabelText.Label], _ work: inout Int) -> Bool {
        matchers.allSatisfy { matcher in
            if matcher.label == Self.nameLabel { return matcher.accepts(name, &work) }
            let label = labels.first { $0.name.elementsEqual(matcher.label) }
            return matcher.accepts(label?.unescaped ?? [], &work)
        }
    }
}

/// Reads the text of a selector.
private struct SelectorScanner {
    private typealias SyntaxError = SeriesSelector.SyntaxError
    private var rest: ArraySlice<UInt8>

    init(_ text: String) { rest = Array(text.utf8)[...] }

    mutating func selector() throws(SeriesSelector.SyntaxError) -> [SeriesSelector.Matcher] {
        var matchers: [SeriesSelector.Matcher] = []
        skipBlanks()
        let name = word { $0 == UInt8(ascii: ":") }
        if !name.isEmpty {
            matchers.append(.init(label: Array("__name__".utf8), condition: .equal(name), isNegated: false))
        }
        skipBlanks()
        if take("{") {
            skipBlanks()
            while !take("}") {
                matchers.append(try matcher())
                skipBlanks()
                if take(",") {
                    skipBlanks()
                } else if rest.first != UInt8(ascii: "}") {
                    throw expected("`,` or `}`")
                }
            }
        }
        skipBlanks()
        guard rest.isEmpty else { throw expected("the end") }
        return matchers
    }

    private mutating func matcher() throws(SyntaxError) -> SeriesSelector.Matcher {
        let label = word { _ in false }
        guard !label.isEmpty else { throw expected("the name of a label") }
        skipBlanks()
        let isNegated: Bool
        let isPattern: Bool
        if take("=~") {
            (isNegated, isPattern) = (false, true)
        } else if take("!~") {
            (isNegated, isPattern) = (true, true)
        } else if take("!=") {
            (isNegated, isPattern) = (true, false)
        } else if take("=") {
            (isNegated, isPattern) = (false, false)
        } else {
            throw expected("=, !=, =~ or !~")
        }
        skipBlanks()
        let value = try quoted()
        guard isPattern else { return .init(label: label, condition: .equal(value), isNegated: isNegated) }
        do throws(RegularExpression.SyntaxError) {
            return .init(
                label: label,
                condition: .matching(try RegularExpression(value)),
                isNegated: isNegated
            )
        } catch {
            throw SyntaxError(message: error.message)
        }
    }

    private mutating func quoted() throws(SyntaxError) -> [UInt8] {
        guard let quote = rest.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            throw expected("a quoted value")
        }
        rest = rest.dropFirst()
        var value: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == quote { return value }
            guard byte == UInt8(ascii: "\\") else {
                value.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "n"): value.append(UInt8(ascii: "\n"))
            case UInt8(ascii: "t"): value.append(UInt8(ascii: "\t"))
            case UInt8(ascii: "r"): value.append(UInt8(ascii: "\r"))
            case UInt8(ascii: "\\"): value.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "\""): value.append(UInt8(ascii: "\""))
            case UInt8(ascii: "'"): value.append(UInt8(ascii: "'"))
            default: throw SyntaxError(message: #"after a backslash one of \, ", ', n, r and t is expected"#)
            }
        }
        throw expected("the end of the quoted value")
    }

    private mutating func word(_ mayAlso: (UInt8) -> Bool) -> [UInt8] {
        let word = rest.prefix { byte in
            byte | 0x20 &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
                || byte == UInt8(ascii: "_")
                || mayAlso(byte)
        }
        rest = rest.dropFirst(word.count)
        return Array(word)
    }

    private mutating func take(_ text: StaticString) -> Bool {
        let wanted = Array("\(text)".utf8)
        guard rest.starts(with: wanted) else { return false }
        rest = rest.dropFirst(wanted.count)
        return true
    }

    private mutating func skipBlanks() {
        rest = rest.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
    }

    private func expected(_ what: String) -> SyntaxError {
        let place =
            rest.isEmpty ? "at the end" : "before `\(String(decoding: rest.prefix(20), as: UTF8.self))`"
        return SyntaxError(message: "\(what) is expected \(place)")
    }
}
