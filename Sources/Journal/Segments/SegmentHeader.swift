internal import Core

/// The first line of a segment: `{"crc":"…","journal":"…","format":"weir.journal/1","epoch":3,"first":901,
/// "after":897,"at":"…Z"}` (on one line).
///
/// `after` is the last line that was durable when the segment was begun, `first` the first that it may hold. They
/// differ when numbers in between were given to lines that could not be made durable: those are never used again.
/// `after` also ends the segment before: a later line in it was written by a failed attempt, and is either repeated in
/// this segment or was never acknowledged.
struct SegmentHeader: Hashable, Sendable {
    static let format: StaticString = "weir.journal/1"

    var journal: UUID128
    var epoch: Int64
    var first: Int64
    var after: Int64
    var at: Timestamp

    func append(to buffer: inout [UInt8]) {
        LineFormat.appendCovered(to: &buffer) { buffer in
            buffer.append(text: "\"journal\":\"")
            journal.append(to: &buffer)
            buffer.append(text: "\",\"format\":\"")
            buffer.append(text: Self.format)
            buffer.append(text: "\",\"epoch\":")
            buffer.append(decimal: epoch)
            buffer.append(text: ",\"first\":")
            buffer.append(decimal: first)
            buffer.append(text: ",\"after\":")
            buffer.append(decimal: after)
            buffer.append(text: ",\"at\":\"")
            at.append(to: &buffer)
            buffer.append(text: "\"}")
        }
    }

    init(journal: UUID128, epoch: Int64, first: Int64, after: Int64, at: Timestamp) {
        self.journal = journal
        self.epoch = epoch
        self.first = first
        self.after = after
        self.at = at
    }

    /// Reads a header line in `range` (without its line feed); the caller checks the checksum.
    init?(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) {
        let covered = min(range.lowerBound + LineFormat.uncoveredBytes, range.upperBound)
        var cursor = ByteCursor(bytes, covered..<range.upperBound)
        guard cursor.skip("\"journal\":\""), let id = cursor.quotedRest(),
            let journal = UUID128(text: Array(bytes[id])),
            cursor.skip(",\"format\":\""), cursor.skip(Self.format),
            cursor.skip("\",\"epoch\":"), let epoch = cursor.decimal(),
            cursor.skip(",\"first\":"), let first = cursor.decimal(),
            cursor.skip(",\"after\":"), let after = cursor.decimal(),
            cursor.skip(",\"at\":\""), let instant = cursor.quotedRest(),
            let at = Timestamp(iso8601: UnsafeBufferPointer(rebasing: bytes[instant])),
            cursor.skip("}"), cursor.isAtEnd
        else { return nil }
        self.init(journal: journal, epoch: epoch, first: first, after: after, at: at)
    }
}
