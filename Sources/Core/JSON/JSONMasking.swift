/// Masks the values of some keys, wherever they are in a JSON text: at any depth, behind keys spelt with
/// escapes, and in strings that hold JSON text themselves.
///
/// One pass without recursion over the nesting of containers; the rest of the text stays byte for byte.
package struct JSONMasking: Sendable {
    private let mask: [UInt8]
    private let isMasked: @Sendable (UnsafeBufferPointer<UInt8>) -> Bool

    /// How often JSON text may stand within strings of JSON text; deeper text is masked as a whole.
    package static let maximumLayers = 8

    /// `mask` is a JSON value; `isMasked` is called for each key, as UTF-8 without escapes.
    package init(mask: [UInt8], isMasked: @escaping @Sendable (UnsafeBufferPointer<UInt8>) -> Bool) {
        self.mask = mask
        self.isMasked = isMasked
    }

    /// The text with the values masked; nil when there is nothing to mask, or when it is no JSON.
    package func masked(_ bytes: [UInt8]) -> [UInt8]? { masked(bytes, layer: 0) }

    fileprivate func masked(_ bytes: [UInt8], layer: Int) -> [UInt8]? {
        guard let document = try? JSONDocument(bytes, recordedDepth: 0) else { return nil }
        let range = document.root.range
        return document.bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return nil }
            var walk = MaskingWalk(masking: self, layer: layer, base: base, range: range)
            walk.run()
            return walk.output.isEmpty
                ? nil
                : Array(buffer[..<range.lowerBound]) + walk.output
                    + Array(
                        buffer[range.upperBound...]
                    )
        }
    }

    fileprivate func isKeyMasked(_ key: UnsafeBufferPointer<UInt8>) -> Bool { isMasked(key) }

    fileprivate var maskBytes: [UInt8] { mask }
}

/// Copies the text of a valid value and replaces what is masked. A string with a colon after it is a key.
private struct MaskingWalk {
    let masking: JSONMasking
    let layer: Int
    let base: UnsafePointer<UInt8>
    let end: Int
    var position: Int
    /// Where the run begins that is not yet copied.
    var runStart: Int
    /// Empty as long as nothing was replaced.
    var output: [UInt8] = []

    init(masking: JSONMasking, layer: Int, base: UnsafePointer<UInt8>, range: Range<Int>) {
        self.masking = masking
        self.layer = layer
        self.base = base
        end = range.upperBound
        position = range.lowerBound
        runStart = range.lowerBound
    }

    mutating func run() {
        while position < end {
            guard base[position] == UInt8(ascii: "\"") else {
                position += 1
                continue
            }
            let string = takeString()
            let afterString = position
            skipBlanks()
            if position < end, base[position] == UInt8(ascii: ":") {
                position += 1
                skipBlanks()
                if isMasked(string) { maskValue() }
            } else {
                position = afterString
                maskText(string)
            }
        }
        if !output.isEmpty { copyRun(upTo: end) }
    }

    /// A string's place between its quotes.
    private struct Text {
        let range: Range<Int>
        let isEscaped: Bool
    }

    private mutating func takeString() -> Text {
        position += 1
        let start = position
        var isEscaped = false
        while base[position] != UInt8(ascii: "\"") {
            let isEscape = base[position] == UInt8(ascii: "\\")
            isEscaped = isEscaped || isEscape
            position += isEscape ? 2 : 1
        }
        position += 1
        return Text(range: start..<position - 1, isEscaped: isEscaped)
    }

    private mutating func skipBlanks() {
        while position < end, MaskingWalk.isBlank(base[position]) { position += 1 }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    private func raw(_ text: Text) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: base + text.range.lowerBound, count: text.range.count)
    }

    private func decoded(_ text: Text) -> [UInt8] {
        guard text.isEscaped else { return Array(raw(text)) }
        var bytes: [UInt8] = []
        JSONNode.appendDecoded(raw(text), to: &bytes)
        return bytes
    }

    // MARK: - Keys

    private func isMasked(_ key: Text) -> Bool {
        guard key.isEscaped else { return masking.isKeyMasked(raw(key)) }
        return decoded(key).withUnsafeBufferPointer(masking.isKeyMasked)
    }

    private mutating func maskValue() {
        let start = position
        skipValue()
        replace(from: start, with: masking.maskBytes)
    }

    private mutating func skipValue() {
        var open = 0
        repeat {
            switch base[position] {
            case UInt8(ascii: "\""):
                _ = takeString()
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): open += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): open -= 1
            default:
                if open == 0 { return skipWord() }
            }
            position += 1
        } while open > 0
    }

    /// A number, `true`, `false` or `null`.
    private mutating func skipWord() {
        while position < end, !MaskingWalk.isBlank(base[position]) {
            switch base[position] {
            case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"): return
            default: position += 1
            }
        }
    }

    // MARK: - JSON text in strings

    private mutating func maskText(_ text: Text) {
        guard mayBeJSON(text) else { return }
        let inner = decoded(text)
        guard MaskingWalk.beginsAsJSON(inner) else { return }
        guard layer < JSONMasking.maximumLayers else {
            return replace(from: text.range.lowerBound - 1, with: masking.maskBytes)
        }
        guard let masked = masking.masked(inner, layer: layer + 1) else { return }
        var quoted: [UInt8] = []
        masked.withUnsafeBufferPointer { JSONWriter.appendQuoted($0, to: &quoted) }
        replace(from: text.range.lowerBound - 1, with: quoted)
    }

    /// Looks at the first character as it is spelt: what nearly all strings begin with is no JSON.
    private func mayBeJSON(_ text: Text) -> Bool {
        guard let first = raw(text).first(where: { !MaskingWalk.isBlank($0) }) else { return false }
        return MaskingWalk.openers.contains(first) || first == UInt8(ascii: "\\")
    }

    private static func beginsAsJSON(_ bytes: [UInt8]) -> Bool {
        let text = bytes.starts(with: JSONScanner.byteOrderMark) ? bytes.dropFirst(3) : bytes[...]
        return text.first { !isBlank($0) }.map(openers.contains) ?? false
    }

    /// A bracket, a quotation mark, the first byte of a byte order mark.
    private static let openers: [UInt8] = [
        UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""), JSONScanner.byteOrderMark[0],
    ]

    // MARK: - Output

    /// Copies the run up to `start`, appends the replacement, and begins a new run at the position.
    private mutating func replace(from start: Int, with replacement: [UInt8]) {
        copyRun(upTo: start)
        output += replacement
        runStart = position
    }

    private mutating func copyRun(upTo stop: Int) {
        output.append(contentsOf: UnsafeBufferPointer(start: base + runStart, count: stop - runStart))
    }
}
