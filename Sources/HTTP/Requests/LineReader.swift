import Glibc

/// Cuts lines that end with CRLF out of bytes that arrive in pieces (RFC 9112 §2.2).
///
/// A line within one piece is not copied; only a line across pieces is. Each byte is read once, so that a head that
/// arrives byte by byte costs linear time.
struct LineReader: Sendable {
    private var unfinished: [UInt8] = []

    /// A line without its CRLF.
    enum Line {
        /// In the bytes of the current call.
        case lent(Range<Int>)
        case kept([UInt8])
    }

    /// Whether no line has been begun.
    var isEmpty: Bool { unfinished.isEmpty }

    /// Whether a request line, or an empty line before it, can begin with this byte.
    static func canBegin(_ byte: UInt8) -> Bool {
        ASCII.isToken(byte) || byte == ASCII.carriageReturn || byte == ASCII.lineFeed
    }

    /// The next line, or nil when it has not ended; then everything is consumed.
    ///
    /// - Throws: `tooLong` as soon as more than `limit` bytes precede the CRLF, `.bareLineFeed`.
    mutating func next(
        in bytes: UnsafeRawBufferPointer,
        at offset: inout Int,
        limit: Int,
        tooLong: RequestError
    ) throws(RequestError) -> Line? {
        let start = offset
        guard let end = Self.lineFeed(in: bytes, from: start) else {
            unfinished.append(contentsOf: bytes[start...])
            offset = bytes.count
            let closing = unfinished.last == ASCII.carriageReturn ? 1 : 0
            guard unfinished.count - closing <= limit else { throw tooLong }
            return nil
        }
        offset = end + 1
        let isClosed = (end > start ? bytes[end - 1] : unfinished.last) == ASCII.carriageReturn
        // The length first: cut into pieces, a line is too long before its end is seen.
        guard unfinished.count + end - start - (isClosed ? 1 : 0) <= limit else { throw tooLong }
        guard isClosed else { throw RequestError(.bareLineFeed) }
        if unfinished.isEmpty { return .lent(start..<end - 1) }
        var line: [UInt8] = []
        swap(&line, &unfinished)
        line.append(contentsOf: bytes[start..<end])
        line.removeLast()
        return .kept(line)
    }

    private static func lineFeed(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress else { return nil }
        guard let found = memchr(base + start, Int32(ASCII.lineFeed), bytes.count - start) else { return nil }
        return UnsafeRawPointer(found) - base
    }
}

extension LineReader.Line {
    var isEmpty: Bool {
        switch self {
        case .lent(let range): range.isEmpty
        case .kept(let line): line.isEmpty
        }
    }

    func withBytes<Value>(
        in bytes: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) throws(RequestError) -> Value
    ) throws(RequestError) -> Value {
        switch self {
        case .lent(let range):
            return try body(UnsafeRawBufferPointer(rebasing: bytes[range]))
        case .kept(let line):
            return try line.withUnsafeBufferPointer { (line) throws(RequestError) in
                try body(UnsafeRawBufferPointer(line))
            }
        }
    }
}
