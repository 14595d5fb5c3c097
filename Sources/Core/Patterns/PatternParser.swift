/// Reads the text of a `RegularExpression`.
struct PatternParser {
    private typealias SyntaxError = RegularExpression.SyntaxError
    private typealias Characters = RegularExpression.Characters

    /// Groups within groups.
    private static let deepest = 50
    /// The most repetitions that a pattern can ask for, as RE2 has it.
    private static let mostRepetitions = 1000
    private var rest: ArraySlice<Unicode.Scalar>
    private var depth = 0

    init(_ pattern: [UInt8]) throws(RegularExpression.SyntaxError) {
        guard let text = String(validating: pattern, as: UTF8.self) else {
            throw SyntaxError(message: "the pattern is not UTF-8")
        }
        var scalars = Array(text.unicodeScalars)[...]
        // Patterns match whole values anyway.
        if scalars.first == "^" { scalars = scalars.dropFirst() }
        if scalars.last == "$", scalars.dropLast().reversed().prefix(while: { $0 == "\\" }).count % 2 == 0 {
            scalars = scalars.dropLast()
        }
        rest = scalars
    }

    mutating func parse() throws(RegularExpression.SyntaxError) -> PatternNode {
        let node = try alternatives()
        guard rest.isEmpty else { throw SyntaxError(message: "a `)` in the pattern has no `(`") }
        return node
    }

    private mutating func alternatives() throws(SyntaxError) -> PatternNode {
        var parts = [try sequence()]
        while rest.first == "|" {
            rest = rest.dropFirst()
            parts.append(try sequence())
        }
        return parts.count == 1 ? parts[0] : .either(parts)
    }

    private mutating func sequence() throws(SyntaxError) -> PatternNode {
        var parts: [PatternNode] = []
        while let scalar = rest.first, scalar != "|", scalar != ")" {
            let part = try atom()
            parts.append(try repetition(of: part))
        }
        return parts.isEmpty ? .empty : .sequence(parts)
    }

    private mutating func atom() throws(SyntaxError) -> PatternNode {
        guard let scalar = rest.popFirst() else { return .empty }
        switch scalar {
        case "(": return try group()
        case "[": return .one(try set())
        case ".": return .one(Characters(ranges: [10...10], isNegated: true))
        case "\\": return .one(try escaped())
        case "*", "+", "?": throw SyntaxError(message: "a `\(scalar)` in the pattern repeats nothing")
        case "^", "$":
            throw SyntaxError(
                message: "`\(scalar)` is only allowed at the end of a pattern, which matches whole values"
            )
        default: return .one(Characters(ranges: [scalar.value...scalar.value]))
        }
    }

    private mutating func group() throws(SyntaxError) -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { throw SyntaxError(message: "the pattern has too many groups") }
        if rest.first == "?" {
            guard rest.dropFirst().first == ":" else {
                throw SyntaxError(message: "of groups with `?` a pattern may have `(?:…)` only")
            }
            rest = rest.dropFirst(2)
        }
        let node = try alternatives()
        guard rest.popFirst() == ")" else { throw SyntaxError(message: "a `(` in the pattern has no `)`") }
        return node
    }

    // MARK: - Repetitions

    private mutating func repetition(of part: PatternNode) throws(SyntaxError) -> PatternNode {
        var node = part
        switch rest.first {
        case "*": node = .repeated(part, least: 0, most: nil)
        case "+": node = .repeated(part, least: 1, most: nil)
        case "?": node = .repeated(part, least: 0, most: 1)
        case "{":
            guard let (least, most, length) = bounds() else { return part }
            guard least <= Self.mostRepetitions, (most ?? least) <= Self.mostRepetitions,
                least <= most ?? least
            else {
                throw SyntaxError(message: "a repetition in the pattern is out of order, or above 1000")
            }
            rest = rest.dropFirst(length - 1)
            node = .repeated(part, least: least, most: most)
        default: return part
        }
        rest = rest.dropFirst()
        // A whole value matches lazily if and only if it matches greedily.
        if rest.first == "?" { rest = rest.dropFirst() }
        if let next = rest.first, ["*", "+", "?"].contains(next) {
            throw SyntaxError(message: "a repetition in the pattern is repeated")
        }
        return node
    }

    /// The bounds of `{n}`, `{n,}` or `{n,m}` and the length of the text; nil when the brace is a character.
    private func bounds() -> (least: Int, most: Int?, length: Int)? {
        guard let close = rest.firstIndex(of: "}"), close - rest.startIndex <= 12 else { return nil }
        let text = rest[(rest.startIndex + 1)..<close]
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            String(String.UnicodeScalarView(part))
        }
        func number(_ text: String) -> Int? {
            text.utf8.allSatisfy { $0 &- UInt8(ascii: "0") < 10 } ? Int(text) : nil
        }
        guard parts.count <= 2, let least = number(parts[0]) else { return nil }
        let length = close - rest.startIndex + 1
        if parts.count == 1 { return (least, least, length) }
        if parts[1].isEmpty { return (least, nil, length) }
        return number(parts[1]).map { (least, $0, length) }
    }

    // MARK: - Characters

    private mutating func escaped() throws(SyntaxError) -> RegularExpression.Characters {
        guard let scalar = rest.popFirst() else {
            throw SyntaxError(message: "the pattern ends with a backslash")
        }
        let digits: [ClosedRange<UInt32>] = [48...57]
        let words = digits + [65...90, 95...95, 97...122]
        let blanks: [ClosedRange<UInt32>] = [9...10, 12...13, 32...32]
        switch scalar {
        case "d": return Characters(ranges: digits)
        case "D": return Characters(ranges: digits, isNegated: true)
        case "w": return Characters(ranges: words)
        case "W": return Characters(ranges: words, isNegated: true)
        case "s": return Characters(ranges: blanks)
        case "S": return Characters(ranges: blanks, isNegated: true)
        case "n": return Characters(ranges: [10...10])
        case "r": return Characters(ranges: [13...13])
        case "t": return Characters(ranges: [9...9])
        default:
            guard scalar.value < 0x80, !scalar.properties.isAlphabetic, scalar.value < 48 || scalar.value > 57
            else {
                throw SyntaxError(message: "the pattern has `\\\(scalar)`, which is not supported")
            }
            return Characters(ranges: [scalar.value...scalar.value])
        }
    }

    private mutating func set() throws(SyntaxError) -> RegularExpression.Characters {
        var set = Characters()
        if rest.first == "^" {
            set.isNegated = true
            rest = rest.dropFirst()
        }
        var isFirst = true
        while let scalar = rest.popFirst() {
            if scalar == "]", !isFirst { return set.sorted }
            isFirst = false
            var low = Characters(ranges: [scalar.value...scalar.value])
            if scalar == "\\" { low = try escaped() }
            if scalar == "[", rest.first == ":" {
                throw SyntaxError(message: "the pattern has a `[:`, which is not supported")
            }
            guard !low.isNegated else {
                throw SyntaxError(message: "`\\D`, `\\W` and `\\S` are not supported within brackets")
            }
            guard rest.first == "-", let end = rest.dropFirst().first, end != "]" else {
                set.ranges += low.ranges
                continue
            }
            rest = rest.dropFirst(2)
            let high = end == "\\" ? try escaped() : Characters(ranges: [end.value...end.value])
            guard low.isSingle, high.isSingle, low.ranges[0].lowerBound <= high.ranges[0].lowerBound else {
                throw SyntaxError(message: "a range within brackets is out of order")
            }
            set.ranges.append(low.ranges[0].lowerBound...high.ranges[0].lowerBound)
        }
        throw SyntaxError(message: "a `[` in the pattern has no `]`")
    }
}

extension RegularExpression.Characters {
    fileprivate var isSingle: Bool { !isNegated && ranges.count == 1 && ranges[0].count == 1 }
}
