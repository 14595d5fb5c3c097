internal import API

/// Masks values in the resolved configuration, a text in Nextflow's language: `key = 'value'`, `[key: 'value']`,
/// `a { key = 1; other = 2 }`, `map['key'] = "value"`, `key 'value'`, with values of several lines, too.
///
/// It looks for keys everywhere, also in strings and comments: too much is masked rather than too little.
struct TowerConfigurationMask {
    private static let blanks = Set(" \t".utf8)
    private static let lineEnds = Set("\n\r".utf8)
    private static let quotes = Set("'\"".utf8)
    private static let opening = Set("([{".utf8)
    private static let closing = Set(")]}".utf8)
    /// What a value without quotes ends with.
    private static let ends = lineEnds.union(",;&".utf8)
    /// What comes before a key.
    private static let separators = Set(" \t\n\r.,;=:?&|$([{}'\"".utf8)
    /// What may be between a key and the sign behind it.
    private static let between = blanks.union("]+'\"".utf8)

    /// How far back a key is looked for.
    private static let mostKeyBytes = 256

    private let text: [UInt8]
    private let redactor: Redactor
    private var position = 0
    private var output: [UInt8] = []

    private init(_ text: String, _ redactor: Redactor) {
        self.text = Array(text.utf8)
        self.redactor = redactor
        output.reserveCapacity(self.text.count)
    }

    /// The text with `redactor`'s mask in place of every value whose key it masks.
    static func masked(_ text: String, _ redactor: Redactor) -> String {
        var mask = TowerConfigurationMask(text, redactor)
        mask.run()
        return String(decoding: mask.output, as: UTF8.self)
    }

    private mutating func run() {
        while let byte = byte(at: position) {
            let isSign = byte == UInt8(ascii: "=") || byte == UInt8(ascii: ":")
            let isBehindBlank = position > 0 && Self.blanks.contains(text[position - 1])
            guard isSign || (isBehindBlank && Self.quotes.contains(byte)),
                redactor.isMasked(key(before: position))
            else {
                output.append(byte)
                position += 1
                continue
            }
            if isSign {
                output += [byte, UInt8(ascii: " ")]
                position += 1
            }
            skipValue()
            output += Array("'\(Redactor.mask)'".utf8)
        }
    }

    private func byte(at index: Int) -> UInt8? { text.indices.contains(index) ? text[index] : nil }

    private func key(before end: Int) -> String {
        let rest = text[max(0, end - Self.mostKeyBytes)..<end]
        let upTo = rest.lastIndex { !Self.between.contains($0) }.map { $0 + 1 } ?? rest.startIndex
        let from = rest[..<upTo].lastIndex(where: Self.separators.contains).map { $0 + 1 } ?? rest.startIndex
        return String(decoding: text[from..<upTo], as: UTF8.self)
    }

    // MARK: - Values

    /// Skips a value with all that it consists of: `'a' + b.c('d')`.
    private mutating func skipValue() {
        repeat {
            skip { Self.blanks.contains($0) || Self.lineEnds.contains($0) || $0 == UInt8(ascii: "+") }
            skipOperand()
        } while isContinued
    }

    /// Whether an operator comes next; a line that ends with one goes on in the next line.
    private var isContinued: Bool {
        let next = text[position...].first { !Self.blanks.contains($0) }
        return next == UInt8(ascii: "+") || next == UInt8(ascii: ".")
    }

    private mutating func skipOperand() {
        guard let first = byte(at: position) else { return }
        if Self.quotes.contains(first) { return skipString(first) }
        while let byte = byte(at: position), !Self.ends.contains(byte), !Self.closing.contains(byte),
            !Self.quotes.contains(byte)
        {
            if Self.opening.contains(byte) { skipBrackets() } else { position += 1 }
        }
    }

    private mutating func skipBrackets() {
        var depth = 0
        while let byte = byte(at: position) {
            if Self.quotes.contains(byte) {
                skipString(byte)
                continue
            }
            position += 1
            if Self.opening.contains(byte) { depth += 1 }
            if Self.closing.contains(byte) { depth -= 1 }
            if depth == 0 { return }
        }
    }

    /// Skips a string; one with single marks ends with its line, unless that ends with a backslash.
    private mutating func skipString(_ quote: UInt8) {
        let isLong = byte(at: position + 1) == quote && byte(at: position + 2) == quote
        position += isLong ? 3 : 1
        while let byte = byte(at: position) {
            if !isLong, Self.lineEnds.contains(byte) { return }
            if byte == UInt8(ascii: "\\") {
                position = min(position + 2, text.count)
                continue
            }
            position += 1
            guard byte == quote else { continue }
            if !isLong { return }
            if self.byte(at: position) == quote, self.byte(at: position + 1) == quote {
                position += 2
                return
            }
        }
    }

    private mutating func skip(while condition: (UInt8) -> Bool) {
        while let byte = byte(at: position), condition(byte) { position += 1 }
    }
}
