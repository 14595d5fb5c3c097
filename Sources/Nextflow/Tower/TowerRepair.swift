internal import Core

/// Makes JSON of what Tower's client sends when it can't serialise a value: it leaves the value out after having written
/// its name, `{"pcpu":,"rss":1}`, or writes a word that JSON lacks, `NaN`. Contract nextflow §5.6. Signs that a text may not
/// have are escaped, and bytes that are no UTF-8 replaced.
enum TowerRepair {
    /// The body with `null` for every value that is missing or no JSON; nil when it is no JSON even so.
    static func repaired(_ body: [UInt8]) -> [UInt8]? {
        var scanner = Scanner(body: Array(String(decoding: body, as: UTF8.self).utf8))
        let bytes = scanner.run()
        return (try? JSONDocument(bytes, recordedDepth: 0)) == nil ? nil : bytes
    }

    private struct Scanner {
        let body: [UInt8]
        var position = 0
        var output: [UInt8] = []
        /// Whether a value has to follow: behind a colon, or behind a comma of an array.
        var needsValue = false
        var containers: [UInt8] = []

        init(body: [UInt8]) { self.body = body }

        mutating func run() -> [UInt8] {
            output.reserveCapacity(body.count + 64)
            while position < body.count { step(body[position]) }
            return output
        }

        private mutating func step(_ byte: UInt8) {
            switch byte {
            case UInt8(ascii: "\""):
                copyString()
                needsValue = false
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                containers.append(byte)
                needsValue = false
                copy(byte)
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                fill()
                _ = containers.popLast()
                copy(byte)
            case UInt8(ascii: ":"):
                needsValue = true
                copy(byte)
            case UInt8(ascii: ","):
                fill()
                needsValue = containers.last == UInt8(ascii: "[")
                copy(byte)
            case 0x20, 0x09, 0x0A, 0x0D:
                copy(byte)
            default:
                copyWord()
                needsValue = false
            }
        }

        private mutating func fill() {
            if needsValue { output += Array("null".utf8) }
            needsValue = false
        }

        private mutating func copy(_ byte: UInt8) {
            output.append(byte)
            position += 1
        }

        private mutating func copyString() {
            copy(body[position])
            while position < body.count {
                let byte = body[position]
                if byte < 0x20 {
                    escape(byte)
                    continue
                }
                copy(byte)
                if byte == UInt8(ascii: "\"") { return }
                if byte == UInt8(ascii: "\\"), position < body.count { copy(body[position]) }
            }
        }

        private mutating func escape(_ byte: UInt8) {
            let digits = String(byte, radix: 16)
            output += Array("\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
            position += 1
        }

        /// A number or a word; `NaN`, `Infinity` and `-Infinity` become null.
        private mutating func copyWord() {
            let start = position
            while position < body.count, !Self.endsWord.contains(body[position]) { position += 1 }
            let word = body[start..<position]
            let isUnknown = Self.unknown.contains { word.elementsEqual($0.utf8) }
            output += isUnknown ? Array("null".utf8) : Array(word)
        }

        private static let endsWord = Set(",:{}[]\" \t\n\r".utf8)
        private static let unknown = ["NaN", "Infinity", "-Infinity", "+Infinity", "nan", "undefined"]
    }
}
