/// Splits a script at the `;` that end statements (PostgreSQL documentation, 4.1).
enum SQLScript {
    /// The statements without their `;`; pieces of only blanks and comments are left out.
    static func statements(of script: String) -> [String] {
        var scanner = Scanner(rest: Array(script.utf8)[...])
        var statements: [String] = []
        while let statement = scanner.nextStatement() {
            if !statement.isEmpty { statements.append(statement) }
        }
        return statements
    }

    private struct Scanner {
        var rest: ArraySlice<UInt8>
        private var hasWords = false

        init(rest: ArraySlice<UInt8>) {
            self.rest = rest
        }

        /// An empty text for a piece without words, nil at the end.
        mutating func nextStatement() -> String? {
            guard !rest.isEmpty else { return nil }
            let start = rest.startIndex
            let whole = rest
            hasWords = false
            while let byte = rest.first, byte != UInt8(ascii: ";") {
                skipToken(byte)
            }
            let end = rest.startIndex
            _ = rest.popFirst()
            return hasWords ? String(decoding: whole[start..<end], as: UTF8.self) : ""
        }

        private mutating func skipToken(_ byte: UInt8) {
            switch byte {
            case UInt8(ascii: "-") where rest.starts(with: "--".utf8):
                rest = rest.drop { $0 != UInt8(ascii: "\n") }
                return
            case UInt8(ascii: "/") where rest.starts(with: "/*".utf8):
                skipComment()
                return
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
                rest.removeFirst()
                return
            case UInt8(ascii: "'"): skipQuoted(byte, escapes: false)
            case UInt8(ascii: "\""): skipQuoted(byte, escapes: false)
            case UInt8(ascii: "$"): skipDollarQuoted()
            default: skipWord()
            }
            hasWords = true
        }

        /// A whole identifier, so that a `$` inside one begins no quotation, and `E` before `'` is seen.
        private mutating func skipWord() {
            let word = rest.prefix { isWordByte($0) }
            rest = rest.dropFirst(max(1, word.count))
            if word.elementsEqual("E".utf8) || word.elementsEqual("e".utf8), rest.first == UInt8(ascii: "'") {
                skipQuoted(UInt8(ascii: "'"), escapes: true)
            }
        }

        private mutating func skipQuoted(_ quote: UInt8, escapes: Bool) {
            rest.removeFirst()
            while let byte = rest.popFirst(), byte != quote {
                if escapes, byte == UInt8(ascii: "\\") { _ = rest.popFirst() }
            }
        }

        private mutating func skipDollarQuoted() {
            let tag = rest.dropFirst().prefix { isWordByte($0) && $0 != UInt8(ascii: "$") }
            let end = tag.endIndex
            guard end < rest.endIndex, rest[end] == UInt8(ascii: "$") else {
                rest.removeFirst()
                return
            }
            let delimiter = rest[rest.startIndex...end]
            rest = rest[(end + 1)...]
            while !rest.isEmpty, !rest.starts(with: delimiter) { rest.removeFirst() }
            rest = rest.dropFirst(delimiter.count)
        }

        /// Comments nest.
        private mutating func skipComment() {
            var depth = 0
            while !rest.isEmpty {
                if rest.starts(with: "/*".utf8) {
                    depth += 1
                    rest = rest.dropFirst(2)
                } else if rest.starts(with: "*/".utf8) {
                    depth -= 1
                    rest = rest.dropFirst(2)
                    if depth == 0 { return }
                } else {
                    rest.removeFirst()
                }
            }
        }

        private func isWordByte(_ byte: UInt8) -> Bool {
            byte >= 0x80 || byte.decimalValue != nil || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$")
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
    }
}
