internal import Core

/// Reads matchers as Alertmanager's tools write them: `name="value"`, with `=`, `!=`, `=~` or `!~`.
///
/// A value may stand without quotes, and the name within them. Several stand in braces, separated by commas:
/// `{project="rna",process=~"ALIGN.*"}`. In quotes `\"`, `\\`, `\n` and `\t` are escapes; any other backslash stays, so that
/// regular expressions need not be escaped twice.
struct MatcherText {
    /// The most bytes of a text.
    private static let longest = 8192
    /// The most matchers of a text.
    static let mostMatchers = 100

    private let whole: String
    private var rest: ArraySlice<UInt8>

    /// Reads the matchers of a text.
    ///
    /// - Throws: what is wrong with it.
    static func read(_ text: String) throws(Matcher.Fault) -> [Matcher] {
        guard text.utf8.count <= longest else {
            throw Matcher.Fault(message: "a matcher has at most \(longest) bytes")
        }
        var reader = MatcherText(whole: text, rest: Array(text.utf8)[...])
        return try reader.matchers()
    }

    private mutating func matchers() throws(Matcher.Fault) -> [Matcher] {
        skipBlanks()
        let isBraced = take("{")
        var found: [Matcher] = []
        skipBlanks()
        while !rest.isEmpty, !(isBraced && rest.first == UInt8(ascii: "}")) {
            found.append(try matcher(isBraced: isBraced))
            guard found.count <= Self.mostMatchers else {
                throw Matcher.Fault(message: "there are more than \(Self.mostMatchers) matchers")
            }
            skipBlanks()
            guard take(",") else { break }
            skipBlanks()
        }
        if isBraced, !take("}") { throw fault("`}` is missing") }
        skipBlanks()
        guard rest.isEmpty, isBraced || !found.isEmpty else {
            throw fault("a matcher is written as name=\"value\", with =, !=, =~ or !~")
        }
        return found
    }

    private mutating func matcher(isBraced: Bool) throws(Matcher.Fault) -> Matcher {
        let name = rest.first == UInt8(ascii: "\"") ? try quoted() : bareName()
        skipBlanks()
        let (isEqual, isRegex) =
            if take("=~") {
                (true, true)
            } else if take("!~") {
                (false, true)
            } else if take("!=") {
                (false, false)
            } else if take("=") {
                (true, false)
            } else {
                throw fault("a matcher is written as name=\"value\", with =, !=, =~ or !~")
            }
        skipBlanks()
        let value = rest.first == UInt8(ascii: "\"") ? try quoted() : try bareValue(isBraced)
        do throws(Matcher.Fault) {
            return try Matcher(name: name, value: value, isRegex: isRegex, isEqual: isEqual)
        } catch {
            throw fault(error.message)
        }
    }

    private mutating func bareName() -> String {
        let name = rest.prefix { !" \t\n\r=!~,{}\"".utf8.contains($0) }
        rest = rest.dropFirst(name.count)
        return String(decoding: name, as: UTF8.self)
    }

    /// Up to the end; in braces up to a comma or the brace.
    private mutating func bareValue(_ isBraced: Bool) throws(Matcher.Fault) -> String {
        var value = isBraced ? rest.prefix { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "}") } : rest
        rest = rest.dropFirst(value.count)
        while let last = value.last, Self.isBlank(last) { value = value.dropLast() }
        guard !value.contains(UInt8(ascii: "\"")) else { throw fault("a quote stands within the value") }
        return String(decoding: value, as: UTF8.self)
    }

    private mutating func quoted() throws(Matcher.Fault) -> String {
        rest = rest.dropFirst()
        var text: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let next = rest.popFirst() else { throw fault("a quote is not closed") }
                switch next {
                case UInt8(ascii: "n"): text.append(UInt8(ascii: "\n"))
                case UInt8(ascii: "t"): text.append(UInt8(ascii: "\t"))
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(next)
                default: text += [byte, next]
                }
            default: text.append(byte)
            }
        }
        throw fault("a quote is not closed")
    }

    private mutating func take(_ text: StaticString) -> Bool {
        let wanted = Array("\(text)".utf8)
        guard rest.starts(with: wanted) else { return false }
        rest = rest.dropFirst(wanted.count)
        return true
    }

    private mutating func skipBlanks() { rest = rest.drop(while: Self.isBlank) }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private func fault(_ what: String) -> Matcher.Fault {
        Matcher.Fault(message: "bad matcher format: \(whole.prefix(200)): \(what)")
    }
}
