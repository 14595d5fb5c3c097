/// A digest of the bytes that name a series: equal bytes have equal digests within one process.
///
/// It is keyed with numbers that each process draws anew, so that nobody can send different series with one digest.
/// It is never stored.
struct RawDigest: Hashable, Sendable {
    private var first: UInt64
    private var second: UInt64

    private static let keys: (UInt64, UInt64, UInt64, UInt64) = {
        var generator = SystemRandomNumberGenerator()
        return (generator.next(), generator.next(), generator.next(), generator.next())
    }()

    init() {
        (first, second) = (Self.keys.0, Self.keys.1)
    }

    /// Adds a field of bytes, with its length.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        var offset = 0
        while offset + 16 <= bytes.count {
            mix(
                bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
            )
            offset += 16
        }
        var (low, high): (UInt64, UInt64) = (0, 0)
        for index in offset..<bytes.count {
            let byte = UInt64(bytes[index])
            if index - offset < 8 {
                low |= byte << UInt64(8 * (index - offset))
            } else {
                high |= byte << UInt64(8 * (index - offset - 8))
            }
        }
        mix(low, high)
        mix(UInt64(bytes.count), 0)
    }

    /// Adds another digest.
    mutating func add(_ other: RawDigest) { mix(other.first, other.second) }

    /// Adds a number.
    mutating func add(_ number: UInt64) { mix(number, 0) }

    /// Neither number may be a key: a product with zero forgets everything before it.
    private mutating func mix(_ left: UInt64, _ right: UInt64) {
        first = Self.fold(first ^ left, right ^ Self.keys.2)
        second = Self.fold(second ^ right, left ^ Self.keys.3) &+ first
    }

    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    /// Half of it, where a collision does no harm.
    var short: Int { Int(truncatingIfNeeded: second) }

    // It is as good as random already.
    func hash(into hasher: inout Hasher) { hasher.combine(first) }
}
