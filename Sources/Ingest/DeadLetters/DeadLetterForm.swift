/// The forms in which a dead letter can be stored, from the most readable to one that no database refuses.
enum DeadLetterForm: CaseIterable {
    /// The full reason; the body as it was journaled.
    case asItIs
    /// The reason in ASCII; the body in hexadecimal digits after `\x`, as PostgreSQL writes bytes.
    case digits
    /// A short reason, and no body: the journal holds it.
    case bare

    /// The most bytes of a reason. PostgreSQL's own reasons may quote a value of any size.
    private static let reasonBytes = 2000

    /// The reason in this form. A text with U+0000 cannot be stored.
    func reason(_ reason: String) -> String {
        switch self {
        case .asItIs: Self.cut(String(reason.map { $0 == "\0" ? "\u{2400}" : $0 }), to: Self.reasonBytes)
        case .digits:
            String(
                String.UnicodeScalarView(
                    reason.unicodeScalars.prefix(Self.reasonBytes)
                        .map { $0.isASCII && $0.value >= 32 ? $0 : "?" }
                )
            )
        case .bare: "PostgreSQL refused the dead letter, too; the journal has the line"
        }
    }

    /// Whether `original` can restore the body: a body that is stored as it is must not look like digits.
    func isReadBack(_ body: [UInt8]) -> Bool { self != .asItIs || !body.starts(with: Self.marker) }

    /// The body in this form.
    func body(_ body: [UInt8]) -> [UInt8] {
        switch self {
        case .asItIs: body
        case .digits:
            Self.marker + body.flatMap { [Self.hexadecimal[Int($0 >> 4)], Self.hexadecimal[Int($0 & 15)]] }
        case .bare: []
        }
    }

    /// The body as it was journaled, from a stored body of any form. No JSON begins with the marker.
    static func original(_ stored: [UInt8]) -> [UInt8] {
        guard stored.starts(with: marker), stored.count.isMultiple(of: 2) else { return stored }
        var body: [UInt8] = []
        body.reserveCapacity(stored.count / 2)
        for index in stride(from: marker.count, to: stored.count, by: 2) {
            guard let high = hexadecimal.firstIndex(of: stored[index]),
                let low = hexadecimal.firstIndex(of: stored[index + 1])
            else { return stored }
            body.append(UInt8(high << 4 | low))
        }
        return body
    }

    private static let marker = Array("\\x".utf8)
    private static let hexadecimal = Array("0123456789abcdef".utf8)

    private static func cut(_ text: String, to limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var bytes = Array(text.utf8.prefix(limit + 1))
        // Back to the start of a character: its later bytes begin with the bits 10.
        repeat {
            let last = bytes.removeLast()
            if last & 0xC0 != 0x80 { break }
        } while !bytes.isEmpty
        return String(decoding: bytes, as: UTF8.self) + "..."
    }
}
