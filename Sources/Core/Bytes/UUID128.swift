/// A UUID, RFC 9562: 16 bytes, ordered as its text is.
package struct UUID128: Hashable, Comparable, Sendable {
    private let high: UInt64
    private let low: UInt64

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Takes 16 bytes in the order of the text; nil for any other count.
    package init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 16 else { return nil }
        self.init(
            high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
        )
    }

    /// Takes 16 bytes in the order of the text; nil for any other count.
    package init?(bytes: [UInt8]) {
        guard let key = bytes.withUnsafeBytes({ UUID128(bytes: $0) }) else { return nil }
        self = key
    }

    /// Parses the form 8-4-4-4-12 with digits of either case; nil for anything else.
    package init?(_ text: some StringProtocol) {
        self.init(text: Array(text.utf8))
    }

    /// Parses the form 8-4-4-4-12 with digits of either case; nil for anything else.
    package init?(text: [UInt8]) {
        guard text.count == 36 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for (index, byte) in text.enumerated() {
            if UUID128.isDash(at: index) {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = Hex.value(of: byte) else { return nil }
            if index < 18 { high = high << 4 | UInt64(digit) } else { low = low << 4 | UInt64(digit) }
        }
        self.init(high: high, low: low)
    }

    /// A new version 4 UUID from the system's random source.
    package static func random() -> UUID128 {
        var generator = SystemRandomNumberGenerator()
        let version: UInt64 = 0x4000
        let variant: UInt64 = 0x8000_0000_0000_0000
        return UUID128(
            high: generator.next() & ~0xF000 | version,
            low: generator.next() & ~0xC000_0000_0000_0000 | variant,
        )
    }

    /// A new version 7 UUID: those of later milliseconds sort behind earlier ones. RFC 9562 §5.7.
    package static func timeOrdered(at time: Timestamp = .now()) -> UUID128 {
        timeOrdered(at: time, rest: .random())
    }

    /// The version 7 UUID of a time whose other bits are those of `rest`, such as a digest: the same for the same.
    package static func timeOrdered(at time: Timestamp, rest: UUID128) -> UUID128 {
        let milliseconds = UInt64(clamping: time.microseconds / 1000) & 0xFFFF_FFFF_FFFF
        let variant: UInt64 = 0x8000_0000_0000_0000
        return UUID128(
            high: milliseconds << 16 | 0x7000 | rest.high & 0x0FFF,
            low: rest.low & ~0xC000_0000_0000_0000 | variant,
        )
    }

    /// The 16 bytes in the order of the text.
    package var bytes: [UInt8] {
        [high, low].flatMap { half in
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: half >> UInt64($0)) }
        }
    }

    /// Appends the 16 bytes of `bytes`, without the array.
    package func appendBytes(to buffer: inout [UInt8]) {
        withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { buffer.append(contentsOf: $0) }
    }

    /// Appends the 36 bytes of the lower-case dashed text.
    package func append(to text: inout [UInt8]) {
        var shift: UInt64 = 64
        for index in 0..<36 {
            guard !UUID128.isDash(at: index) else {
                text.append(UInt8(ascii: "-"))
                continue
            }
            shift = shift == 0 ? 60 : shift - 4
            let half = index < 18 ? high : low
            text.append(Hex.digit(UInt8(half >> shift & 15)))
        }
    }

    /// The order of the bytes, which is PostgreSQL's order too.
    package static func < (left: UUID128, right: UUID128) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    private static func isDash(at index: Int) -> Bool {
        index == 8 || index == 13 || index == 18 || index == 23
    }
}

extension UUID128: CustomStringConvertible {
    /// Lower-case text in the form 8-4-4-4-12.
    package var description: String {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}
