/// A position in a line that moves over expected text; after a failed method it is unmoved or invalid.
struct ByteCursor {
    private let bytes: UnsafeBufferPointer<UInt8>
    private(set) var index: Int
    private let end: Int

    init(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) {
        self.bytes = bytes
        index = range.lowerBound
        end = range.upperBound
    }

    var isAtEnd: Bool { index == end }

    /// Moves after `text` if it is here.
    mutating func skip(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard end - index >= count else { return false }
        for offset in 0..<count where bytes[index + offset] != text.utf8Start[offset] {
            return false
        }
        index += count
        return true
    }

    mutating func hexadecimal(digits: Int) -> UInt32? {
        guard end - index >= digits else { return nil }
        var value: UInt32 = 0
        for byte in bytes[index..<(index + digits)] {
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
            case 0x61...0x66: value = value << 4 | UInt32(byte - 0x57)
            default: return nil
            }
        }
        index += digits
        return value
    }

    /// A number of 1 to 18 digits.
    mutating func decimal() -> Int64? {
        var value: Int64 = 0
        let start = index
        while index < end, index - start < 18, (0x30...0x39).contains(bytes[index]) {
            value = value * 10 + Int64(bytes[index] - 0x30)
            index += 1
        }
        return index > start ? value : nil
    }

    /// The text up to the next quotation mark; moves after the mark. Does not handle escapes.
    mutating func quotedRest() -> Range<Int>? {
        let start = index
        while index < end {
            if bytes[index] == UInt8(ascii: "\"") {
                index += 1
                return start..<(index - 1)
            }
            index += 1
        }
        return nil
    }

    /// Moves after one JSON member and its comma: only strings and brackets are parsed.
    mutating func skipMember() -> Bool {
        var depth = 0
        while index < end {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard skipStringRest() else { return false }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth < 0 { return false }
            case UInt8(ascii: ",") where depth == 0:
                return true
            default:
                continue
            }
        }
        return false
    }

    private mutating func skipStringRest() -> Bool {
        while index < end {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "\"") { return true }
            if byte == UInt8(ascii: "\\") { index += 1 }
        }
        return false
    }
}
