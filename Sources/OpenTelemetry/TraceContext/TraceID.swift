internal import Core
internal import Crypto

/// The id of a trace: 16 bytes, never all zero. W3C Trace Context §3.2.2.3.
package struct TraceID: Hashable, Sendable {
    /// The first eight bytes, big-endian.
    package let high: UInt64
    /// The last eight bytes, big-endian. Samplers look at these.
    package let low: UInt64

    /// Takes two halves; nil when all bytes are zero.
    package init?(high: UInt64, low: UInt64) {
        guard high != 0 || low != 0 else { return nil }
        self.high = high
        self.low = low
    }

    /// Takes 16 bytes; nil for any other count, and when all are zero.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        self.init(high: bigEndian(bytes.prefix(8)), low: bigEndian(bytes.dropFirst(8)))
    }

    /// Parses 32 hexadecimal digits, lower-case as on the wire; nil for anything else.
    package init?(wire text: some StringProtocol) {
        guard let bytes = lowerCaseHex(text, digits: 32) else { return nil }
        self.init(bytes: bytes)
    }

    /// Parses what clients send as the id of a trace: 32 hexadecimal digits of either case, or a dashed UUID; nil for
    /// anything else. Contract pipelogiq §3.2.
    package init?(lenient text: some StringProtocol) {
        if let uuid = UUID128(text) {
            self.init(bytes: uuid.bytes)
        } else {
            guard text.utf8.count == 32, let bytes = Hex.decode(text) else { return nil }
            self.init(bytes: bytes)
        }
    }

    /// A new id from the system's random source.
    package static func random() -> TraceID {
        var generator = SystemRandomNumberGenerator()
        while true {
            if let id = TraceID(high: generator.next(), low: generator.next()) { return id }
        }
    }

    /// The id that belongs to a name, always the same one: the first half of the SHA-256 of `weir/trace/<kind>/<name>`.
    package static func derived(_ kind: StaticString, _ name: String) -> TraceID {
        let digest = Array(SHA256.hash(data: Array("weir/trace/\(kind)/\(name)".utf8)).prefix(16))
        return TraceID(bytes: digest) ?? random()
    }

    /// The 16 bytes.
    package var bytes: [UInt8] {
        withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { Array($0) }
    }
}

extension TraceID: CustomStringConvertible {
    /// 32 lower-case hexadecimal digits.
    package var description: String { Hex.encode(bytes) }
}

func bigEndian(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(0) { $0 << 8 | UInt64($1) }
}

func lowerCaseHex(_ text: some StringProtocol, digits: Int) -> [UInt8]? {
    let bytes = Array(text.utf8)
    guard bytes.count == digits, !bytes.contains(where: { UInt8(ascii: "A")...UInt8(ascii: "F") ~= $0 })
    else {
        return nil
    }
    return Hex.decode(bytes)
}
