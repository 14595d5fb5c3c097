/// The bytes of answers that the socket has not taken yet.
struct OutboundBuffer {
    /// Encoders append here.
    var bytes: [UInt8] = []
    private var sent = 0

    /// How many bytes wait.
    var count: Int { bytes.count - sent }

    /// Whether nothing waits.
    var isEmpty: Bool { bytes.count == sent }

    /// Whether it has no memory of its own, so that a buffer can be lent to it.
    var isBare: Bool { bytes.capacity == 0 }

    /// Shows what waits.
    func withUnsent<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
    }

    /// The first `count` waiting bytes have gone.
    mutating func advance(by count: Int) {
        sent += count
        // A stream that is never quite caught up must not keep all it ever sent.
        if sent >= 1 << 20, sent > bytes.count / 2 {
            bytes.removeFirst(sent)
            sent = 0
        }
    }

    /// Takes the memory away, to be lent to someone else; everything must have gone.
    mutating func takeMemory() -> [UInt8] {
        sent = 0
        let memory = bytes
        bytes = []
        return memory
    }
}
