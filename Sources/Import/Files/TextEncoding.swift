/// The encoding of a text file.
enum TextEncoding: Equatable {
    case utf8
    case utf16(isBigEndian: Bool)

    /// Recognises the encoding by the first bytes of a file: a byte order mark, or ASCII with a zero in every other
    /// byte.
    static func recognise(_ head: [UInt8]) -> (encoding: TextEncoding, markLength: Int) {
        if head.starts(with: [0xEF, 0xBB, 0xBF]) { return (.utf8, 3) }
        if head.starts(with: [0xFF, 0xFE]) { return (.utf16(isBigEndian: false), 2) }
        if head.starts(with: [0xFE, 0xFF]) { return (.utf16(isBigEndian: true), 2) }
        let pairs = head.prefix(8)
        guard pairs.count == 8 else { return (.utf8, 0) }
        for isBigEndian in [false, true] {
            let isText = pairs.indices.allSatisfy { ($0 % 2 == (isBigEndian ? 1 : 0)) == (pairs[$0] != 0) }
            if isText { return (.utf16(isBigEndian: isBigEndian), 0) }
        }
        return (.utf8, 0)
    }

    /// Bytes that are not UTF-8, recoded from Windows-1252, which is Latin-1 with letters and signs in place of control
    /// characters; nil for valid UTF-8.
    static func recodedLatin1(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.contains(where: { $0 >= 0x80 }), String(validating: bytes, as: UTF8.self) == nil else {
            return nil
        }
        var text = String.UnicodeScalarView()
        for byte in bytes {
            let code = (0x80...0x9F).contains(byte) ? windows1252[Int(byte) - 0x80] : UInt16(byte)
            text.append(UnicodeScalar(code) ?? "\u{FFFD}")
        }
        return Array(String(text).utf8)
    }

    private static let windows1252: [UInt16] = [
        0x20AC, 0x81, 0x201A, 0x192, 0x201E, 0x2026, 0x2020, 0x2021, 0x2C6, 0x2030, 0x160, 0x2039, 0x152,
        0x8D, 0x17D,
        0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x2DC, 0x2122, 0x161, 0x203A,
        0x153, 0x9D,
        0x17E, 0x178,
    ]
}

/// Turns UTF-16 into UTF-8, piece by piece; half a surrogate pair becomes U+FFFD.
struct UTF16Recoder {
    let isBigEndian: Bool
    private var rest: [UInt8] = []

    init(isBigEndian: Bool) {
        self.isBigEndian = isBigEndian
    }

    /// Adds the text of some bytes. What may be half a character waits for the next ones, unless these are the last.
    mutating func recode(_ bytes: [UInt8], into text: inout [UInt8], isLast: Bool = false) {
        let all = rest + bytes
        var units = stride(from: 0, to: all.count - all.count % 2, by: 2).map { index in
            let (first, second) = (UInt16(all[index]), UInt16(all[index + 1]))
            return isBigEndian ? first << 8 | second : second << 8 | first
        }
        rest = Array(all.suffix(all.count % 2))
        if !isLast, let last = units.last, UTF16.isLeadSurrogate(last) {
            units.removeLast()
            rest = Array(all.suffix(all.count % 2 + 2))
        }
        text += Array(String(decoding: units, as: UTF16.self).utf8)
        if isLast, !rest.isEmpty { text += Array("\u{FFFD}".utf8) }
    }
}
