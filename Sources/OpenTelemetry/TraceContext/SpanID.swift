internal import Core
internal import Crypto

/// The id of a span in its trace: eight bytes, never all zero. W3C Trace Context §3.2.2.4.
package struct SpanID: Hashable, Sendable {
    /// The eight bytes, big-endian.
    package let value: UInt64

    /// Takes a number; nil for zero.
    package init?(_ value: UInt64) {
        guard value != 0 else { return nil }
        self.value = value
    }

    /// Takes eight bytes; nil for any other count, and when all are zero.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 8 else { return nil }
        self.init(bigEndian(bytes))
    }

    /// Parses 16 hexadecimal digits, lower-case as on the wire; nil for anything else.
    package init?(wire text: some StringProtocol) {
        guard let bytes = lowerCaseHex(text, digits: 16) else { return nil }
        self.init(bytes: bytes)
    }

    /// Parses 16 hexadecimal digits of either case; nil for anything else.
    package init?(lenient text: some StringProtocol) {
        guard text.utf8.count == 16, let bytes = Hex.decode(text) else { return nil }
        self.init(bytes: bytes)
    }

    /// A new id from the system's random source.
    package static func random() -> SpanID {
        var generator = SystemRandomNumberGenerator()
        while true {
            if let id = SpanID(generator.next()) { return id }
        }
    }

    /// The id that belongs to a name within a trace, always the same one: the first eight bytes of the SHA-256 of
    /// `weir/span/<trace>/<name>`.
    package static func derived(in trace: TraceID, _ name: String) -> SpanID {
        SpanID(bytes: Array(SHA256.hash(data: Array("weir/span/\(trace)/\(name)".utf8)).prefix(8)))
            ?? random()
    }

    /// The eight bytes.
    package var bytes: [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
}

extension SpanID: CustomStringConvertible {
    /// 16 lower-case hexadecimal digits.
    package var description: String { Hex.encode(bytes) }
}
