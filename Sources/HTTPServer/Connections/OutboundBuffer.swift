internal import Glibc

/// The bytes of responses that the socket has not taken yet.
struct OutboundBuffer {
    /// A piece of at least so many bytes is kept as it is, with all others who have it, instead of being copied.
    static let leastShared = 4096

    /// Encoders append here.
    var bytes: [UInt8] = []
    private var sent = 0
    /// What comes between the first `place` of `bytes` and the rest; empty for nothing.
    private var shared: [UInt8] = []
    private var place = 0

    /// How many bytes wait.
    var count: Int { bytes.count + shared.count - sent }

    /// Whether nothing waits.
    var isEmpty: Bool { count == 0 }

    /// Whether it has no memory, so that a buffer can be lent to it.
    var isBare: Bool { bytes.capacity == 0 }

    /// Whether the waiting bytes are in several parts.
    var isShared: Bool { !shared.isEmpty }

    /// Adds bytes without a copy: a thousand connections to which the same bytes go keep them once.
    mutating func share(_ piece: [UInt8]) {
        guard shared.isEmpty else {
            bytes += piece
            return
        }
        shared = piece
        place = bytes.count
    }

    /// The waiting bytes, which are in one part.
    func withUnsent<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
    }

    /// The waiting bytes in their parts, of which some may be empty.
    func withUnsentParts<Result>(_ body: (UnsafeMutableBufferPointer<iovec>) -> Result) -> Result {
        let ofShared = min(max(0, sent - place), shared.count)
        let ofRest = max(0, sent - place - shared.count)
        return bytes.withUnsafeBytes { own in
            shared.withUnsafeBytes { shared in
                let parts = [
                    own[min(sent, place)..<place], shared[ofShared...], own[(place + ofRest)...],
                ]
                return withUnsafeTemporaryAllocation(of: iovec.self, capacity: parts.count) { vectors in
                    for (index, part) in parts.enumerated() {
                        let buffer = UnsafeRawBufferPointer(rebasing: part)
                        vectors.initializeElement(
                            at: index,
                            to: iovec(
                                iov_base: UnsafeMutableRawPointer(mutating: buffer.baseAddress),
                                iov_len: buffer.count
                            )
                        )
                    }
                    return body(vectors)
                }
            }
        }
    }

    /// The first `count` waiting bytes were sent.
    mutating func advance(by count: Int) {
        sent += count
        if isShared, sent >= place + shared.count {
            sent -= shared.count
            shared = []
        }
        // A stream that never catches up must not keep all that it has sent.
        if !isShared, sent >= 1 << 20, sent > bytes.count / 2 {
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
