import Synchronization

/// Decodes `Content-Encoding` of a request body while it arrives (RFC 9110 §8.4).
///
/// Safe on any thread; the calls must come in the order of the bytes.
package final class ContentDecoder: Sendable {
    private let state: Mutex<DecodingState>

    /// A decoder for the request's content coding, or nil when the body is sent as it is, or in a coding that is left
    /// to the handler.
    ///
    /// - Throws: `.unknownContentCoding` (415) for anything but `gzip`, `x-gzip`, `deflate` and `identity`, and
    ///   for more than one coding on top of each other.
    package static func make(
        for head: RequestHead,
        decompressedBytes limit: Int,
        leaving ownCoding: String? = nil
    ) throws(RequestError) -> ContentDecoder? {
        let codings = head.fields.list("Content-Encoding").map { $0.lowercased() }.filter { $0 != "identity" }
        guard let coding = codings.first else { return nil }
        guard codings.count == 1 else { throw RequestError(.unknownContentCoding) }
        if coding == ownCoding { return nil }
        switch coding {
        case "gzip", "x-gzip": return ContentDecoder(.gzip, limit: limit)
        case "deflate": return ContentDecoder(.deflate, limit: limit)
        default: throw RequestError(.unknownContentCoding)
        }
    }

    private init(_ coding: DecodingState.Coding, limit: Int) {
        state = Mutex(DecodingState(coding: coding, limit: limit))
    }

    /// Inflates the bytes that have arrived and appends them to `output`.
    ///
    /// The limit counts the whole body and is checked while inflating: never more than one byte above it is produced. A
    /// piece may become a thousand times as long, so a call stops after about `work` bytes; the next call then takes
    /// the rest of the piece, even if that is empty, before any further piece.
    ///
    /// - Throws: `.decompressedTooLarge` (413), `.corruptCompression` (400); then the body is lost.
    @discardableResult
    package func decode(
        _ bytes: UnsafeRawBufferPointer,
        work: Int = .max,
        into output: inout [UInt8]
    ) throws(RequestError) -> Progress {
        // A span, unlike a pointer, cannot be kept in the state.
        let span = bytes.bytes
        return try state.withLock { (state) throws(RequestError) in
            try span.withUnsafeBytes { (bytes) throws(RequestError) in
                try state.decode(bytes, work: work, into: &output)
            }
        }
    }

    /// How far a call of `decode` has come.
    package struct Progress: Sendable, Equatable {
        /// Bytes of the piece that were consumed.
        package let consumed: Int
        /// Whether the piece yields no more output.
        package let isDry: Bool
    }

    /// Reports that the body has ended.
    ///
    /// - Throws: `.corruptCompression` (400) when the compressed data has not; a body without any byte passes.
    package func finish() throws(RequestError) {
        try state.withLock { (state) throws(RequestError) in
            try state.finish()
        }
    }
}

private struct DecodingState: ~Copyable {
    enum Coding {
        case gzip
        case deflate
    }

    let coding: Coding
    let limit: Int
    private var stream: InflateStream?
    private var firstByte: UInt8?
    private var hasEnded = false
    private var isDry = true
    private var count = 0
    private var failure: RequestError?

    init(coding: Coding, limit: Int) {
        self.coding = coding
        self.limit = limit
    }

    mutating func decode(
        _ bytes: UnsafeRawBufferPointer,
        work: Int,
        into output: inout [UInt8]
    ) throws(RequestError) -> ContentDecoder.Progress {
        if let failure { throw failure }
        var consumed = bytes.count
        guard !bytes.isEmpty || !isDry else { return ContentDecoder.Progress(consumed: 0, isDry: true) }
        do throws(RequestError) {
            try open(bytes, &output)
            if stream != nil { consumed = try inflate(bytes, work: work, into: &output) }
        } catch {
            failure = error
            stream = nil
            throw error
        }
        return ContentDecoder.Progress(consumed: consumed, isDry: isDry)
    }

    mutating func finish() throws(RequestError) {
        if let failure { throw failure }
        guard hasEnded || (stream == nil && firstByte == nil) else { throw RequestError(.corruptCompression) }
    }

    /// Chooses the container. RFC 9110 §8.4.1.2 says that `deflate` is zlib's format, but some send it raw; zlib's
    /// two header bytes are a multiple of 31 and name method 8 (RFC 1950 §2.2).
    private mutating func open(
        _ bytes: UnsafeRawBufferPointer,
        _ output: inout [UInt8]
    ) throws(RequestError) {
        guard stream == nil else { return }
        guard coding == .deflate else {
            stream = InflateStream(.gzip)
            return
        }
        let seen = (firstByte.map { [$0] } ?? []) + bytes.prefix(2)
        guard seen.count >= 2 else {
            firstByte = seen.first
            return
        }
        let isZlib = seen[0] & 0x0F == 8 && (Int(seen[0]) << 8 | Int(seen[1])) % 31 == 0
        stream = InflateStream(isZlib ? .zlib : .raw)
        if let firstByte {
            try withUnsafeBytes(of: firstByte) { (first) throws(RequestError) in
                _ = try inflate(first, work: .max, into: &output)
            }
        }
    }

    /// Returns how many bytes were consumed.
    private mutating func inflate(
        _ bytes: UnsafeRawBufferPointer,
        work: Int,
        into output: inout [UInt8]
    ) throws(RequestError) -> Int {
        var rest = bytes
        var done = 0
        isDry = false
        while !isDry, done < work {
            if hasEnded { try beginNextMember(rest) }
            // One byte beyond the limit shows that there are more; Int.max means no limit.
            let room = limit - count
            let step = stream?.run(&rest, maximum: room == .max ? room : room + 1, into: &output)
            guard let step, step.outcome != .corrupt else { throw RequestError(.corruptCompression) }
            count += step.count
            guard count <= limit else { throw RequestError(.decompressedTooLarge, limit: limit) }
            hasEnded = step.outcome == .ended
            isDry = step.isDry
            // An empty member yields no output but costs work.
            done += max(step.count, DecodingState.leastWork)
        }
        return bytes.count - rest.count
    }

    private static let leastWork = 1024

    /// RFC 1952 §2.2: a gzip file is a series of members; nothing may follow the end of the others.
    private mutating func beginNextMember(_ rest: UnsafeRawBufferPointer) throws(RequestError) {
        guard coding == .gzip, rest.first == 0x1F else { throw RequestError(.corruptCompression) }
        stream?.restart()
        hasEnded = false
    }
}
