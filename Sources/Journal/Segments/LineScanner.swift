/// Walks a segment line by line, and resumes after bytes that are not a line.
struct LineScanner {
    enum Unit {
        /// Parts are ranges of `chunk`, until the next call.
        case line(LineParts)
        case header(SegmentHeader)
        /// Offsets in the (uncompressed) segment.
        case unreadable(Range<Int64>)
    }

    private static let chunkBytes = 262_144

    private var source: SegmentSource
    private let maxLineBytes: Int
    private(set) var chunk: [UInt8] = []
    private var cursor = 0
    private var chunkOffset: Int64

    /// Walks `source` from its position, which is `offset` in the segment.
    init(_ source: SegmentSource, offset: Int64 = 0, maxLineBytes: Int) {
        self.source = source
        self.maxLineBytes = maxLineBytes
        chunkOffset = offset
    }

    /// Where the next unit begins, or line feeds before it.
    var offset: Int64 { chunkOffset + Int64(cursor) }

    /// The next unit; nil at the end, or at `limit`, after which more may be read later.
    ///
    /// The checksums of lines up to `trusted` are not verified: the caller skips them anyway.
    mutating func next(limit: Int64? = nil, trusted: Int64 = 0) throws(JournalError) -> Unit? {
        while true {
            skipLineFeeds()
            if let end = chunk.withUnsafeBufferPointer({ LineFormat.findLineFeed($0, cursor..<$0.count) }) {
                return classify(cursor..<end, trusted: trusted)
            }
            let rest = chunk.count - cursor
            if rest <= maxLineBytes, try refill(limit: limit) { continue }
            guard rest > 0 else { return nil }
            // Half a line at the very end, or something longer than any line.
            return takeUnreadable(until: chunk.count)
        }
    }

    private mutating func skipLineFeeds() {
        cursor = chunk.withUnsafeBufferPointer { bytes in
            var index = cursor
            while index < bytes.count, bytes[index] == LineFormat.lineFeed { index += 1 }
            return index
        }
    }

    private mutating func refill(limit: Int64?) throws(JournalError) -> Bool {
        let carry = chunk[cursor...]
        guard
            let more = try source.read(behind: carry, count: max(Self.chunkBytes, carry.count), limit: limit)
        else { return false }
        chunkOffset += Int64(cursor)
        chunk = more
        cursor = 0
        return true
    }

    private mutating func classify(_ range: Range<Int>, trusted: Int64) -> Unit {
        let unit = chunk.withUnsafeBufferPointer { bytes -> Unit? in
            if let parts = LineFormat.parse(bytes, range) {
                return parts.seq <= trusted || LineFormat.isIntact(bytes, range) ? .line(parts) : nil
            }
            guard let header = SegmentHeader(bytes, range), LineFormat.isIntact(bytes, range) else {
                return nil
            }
            return .header(header)
        }
        if let unit {
            cursor = range.upperBound + 1
            return unit
        }
        let next = chunk.withUnsafeBufferPointer { LineFormat.findOpening($0, range) }
        return takeUnreadable(until: next ?? range.upperBound)
    }

    private mutating func takeUnreadable(until end: Int) -> Unit {
        let start = offset
        cursor = end
        return .unreadable(start..<offset)
    }
}
