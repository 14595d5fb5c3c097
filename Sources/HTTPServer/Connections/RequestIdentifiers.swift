/// Makes request ids: a random prefix and a counter, 15 characters, which Swift keeps without an allocation.
struct RequestIdentifiers {
    private let prefix: UInt64
    private var counter: UInt64 = 0

    private static let alphabet = Array("0123456789abcdefghijklmnopqrstuv".utf8)

    /// The most characters of an id that a client may choose.
    static let longest = 128

    init() {
        prefix = UInt64.random(in: 0..<(1 << 40))
    }

    /// Returns the given id if it has 1 to 128 visible ASCII characters, otherwise a new one.
    mutating func next(given: String?) -> String {
        if let given, RequestIdentifiers.isSane(given) { return given }
        counter &+= 1
        // 8 characters of prefix, 7 of the counter: 34 billion ids a lane before one repeats.
        var bits = (prefix, counter)
        return String(unsafeUninitializedCapacity: 15) { text in
            for index in stride(from: 14, through: 8, by: -1) {
                text[index] = RequestIdentifiers.alphabet[Int(bits.1 & 31)]
                bits.1 >>= 5
            }
            for index in stride(from: 7, through: 0, by: -1) {
                text[index] = RequestIdentifiers.alphabet[Int(bits.0 & 31)]
                bits.0 >>= 5
            }
            return 15
        }
    }

    private static func isSane(_ text: String) -> Bool {
        let bytes = text.utf8
        return (1...longest).contains(bytes.count) && bytes.allSatisfy { (0x21...0x7e).contains($0) }
    }
}
