import CZlib

/// An inflating zlib stream with its output buffer, both freed at the end of life.
struct InflateStream: ~Copyable {
    // zlib remembers the address of its z_stream, so it must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    private let buffer: UnsafeMutableBufferPointer<UInt8>

    /// The result of one call of `run`.
    enum Outcome {
        case progress
        case ended
        case corrupt
    }

    /// zlib's `windowBits`: which container is expected.
    enum Container: Int32 {
        case zlib = 15
        case gzip = 31
        case raw = -15
    }

    init(_ container: Container) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        buffer = .allocate(capacity: 32 << 10)
        let size = Int32(MemoryLayout<z_stream>.size)
        let code = inflateInit2_(stream, container.rawValue, zlibVersion(), size)
        precondition(code == Z_OK, "BUG: zlib does not begin to inflate, code \(code)")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        buffer.deallocate()
    }

    /// Begins a new stream in the same container.
    mutating func restart() {
        inflateReset(stream)
    }

    /// Inflates from the front of `input`, which is shortened, into `output`.
    ///
    /// At most `maximum` bytes are made, and at most one buffer; less means that all input is used up.
    mutating func run(
        _ input: inout UnsafeRawBufferPointer,
        maximum: Int,
        into output: inout [UInt8]
    ) -> (outcome: Outcome, count: Int, isDry: Bool) {
        let room = min(maximum, buffer.count)
        let given = min(input.count, Int(UInt32.max))
        let bytes = UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.next_in = bytes
        stream.pointee.avail_in = UInt32(given)
        stream.pointee.next_out = buffer.baseAddress
        stream.pointee.avail_out = UInt32(room)
        let code = inflate(stream, Z_NO_FLUSH)
        let made = room - Int(stream.pointee.avail_out)
        input = UnsafeRawBufferPointer(rebasing: input.dropFirst(given - Int(stream.pointee.avail_in)))
        stream.pointee.next_in = nil
        output.append(contentsOf: buffer[..<made])
        let isDry = input.isEmpty && made < room
        switch code {
        case Z_OK, Z_BUF_ERROR: return (.progress, made, isDry)
        case Z_STREAM_END: return (.ended, made, input.isEmpty)
        default: return (.corrupt, made, true)
        }
    }
}
