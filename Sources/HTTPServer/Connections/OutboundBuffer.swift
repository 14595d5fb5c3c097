/// The bytes of responses that the socket has not taken yet.
struct OutboundBuffer {
    /// Encoders append here.
    var bytes: [UInt8] = []
    private var sent = 0

    /// How many bytes wait.
    var count: Int { bytes.count - sent }

    /// Whether nothing waits.
    var isEmpty: Bool { bytes.count == sent }

    /// Whether it has no memory, so that a buffer can be lent to it.
    var isBare: Bool { bytes.capacity == 0 }

    /// The waiting bytes.
    func withUnsent<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
    }

    /// The first `count` waiting bytes were sent.
    mutating func advance(by count: Int) {
        sent += count
        // A stream that never catches up must not keep all that it has sent.
        if sent >= 1 << 20, sent > bytes.count / 2 {
            bytes.removeFirst(sent)
            sent = 0
        }
    }

    /// Takes the memory back, to lend it to another connection; all bytes must have been sent.
    mutating func takeMemory() -> [UInt8] {
        sent = 0
        let memory = bytes
        bytes = []
        return memory
    }
}
