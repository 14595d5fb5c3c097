internal import Core
internal import Glibc

/// Reads lines from segments on disk, in order, from a position. Used by one thread at a time.
struct DiskReader {
    /// How much one step may scan for lines of the wanted kinds; this bounds its time and memory.
    private static let scanBytes: Int64 = 4 << 20

    private struct OpenSegment {
        let name: SegmentName
        var scanner: LineScanner
        /// Unreadable bytes for which no lost line has been found yet.
        var unreadable: Range<Int64>?
    }

    private let directory: String
    private let codec: SegmentCodec?
    private let maxLineBytes: Int
    /// Whether a segment is still as in the snapshot; checked after its file was opened or not found.
    private let isCurrent: @Sendable (Segment) -> Bool
    private var current: OpenSegment?

    init(
        directory: String,
        codec: SegmentCodec?,
        maxLineBytes: Int,
        isCurrent: @escaping @Sendable (Segment) -> Bool
    ) {
        self.isCurrent = isCurrent
        self.directory = directory
        self.codec = codec
        self.maxLineBytes = maxLineBytes
    }

    /// Forgets the open file.
    mutating func close() {
        current = nil
    }

    /// Continues `batch` from its position; stops early if the snapshot turns out to be outdated.
    mutating func read(
        _ snapshot: Catalog.Snapshot,
        into batch: inout JournalBatch,
        filter: inout KindFilter,
        maxLines: Int,
        maxBytes: Int
    ) throws(JournalError) {
        var budget = ReadBudget(lines: maxLines, bytes: maxBytes, scan: max(Self.scanBytes, Int64(maxBytes)))
        while !budget.isSpent {
            guard let segment = snapshot.segment(after: batch.position) else {
                batch.isCaughtUp = true
                return
            }
            if batch.position < segment.header.after {
                // No earlier line is left, as after the removal of a file by hand; retention never causes this.
                let first = batch.position + 1
                batch.lose(from: first, through: segment.header.after, in: segment, cause: .missingSegment)
            }
            guard batch.position < segment.lastSeq else { continue }
            let isOpen = try open(segment, after: batch.position)
            guard isOpen || isCurrent(segment) else { return }
            guard isOpen else {
                batch.lose(through: segment.lastSeq, in: segment, cause: .missingSegment)
                continue
            }
            try scan(segment, into: &batch, filter: &filter, budget: &budget)
        }
        batch.isCaughtUp = snapshot.segment(after: batch.position) == nil
    }

    /// False if the file is gone, or has been replaced since the snapshot.
    private mutating func open(_ segment: Segment, after position: Int64) throws(JournalError) -> Bool {
        if let current, current.name.isSameSegment(as: segment.name) { return true }
        current = nil
        let start = segment.startingPoint(after: position)
        do {
            let source = try SegmentSource(
                directory: directory,
                name: segment.name,
                codec: codec,
                offset: start
            )
            let scanner = LineScanner(source, offset: start, maxLineBytes: maxLineBytes)
            guard isCurrent(segment) else { return false }
            current = OpenSegment(name: segment.name, scanner: scanner)
            return true
        } catch .system(let failure) where failure.code == ENOENT {
            return false
        }
    }

    private mutating func scan(
        _ segment: Segment,
        into batch: inout JournalBatch,
        filter: inout KindFilter,
        budget: inout ReadBudget
    ) throws(JournalError) {
        guard var open = current else { preconditionFailure("BUG: scanning without an open segment") }
        // Taken out, so that the scanner's buffer has one owner while it is replaced.
        current = nil
        let limit = segment.name.compression == nil ? segment.end : nil
        while !budget.isSpent, batch.position < segment.lastSeq {
            let start = open.scanner.offset
            let unit = try open.scanner.next(limit: limit, trusted: batch.position)
            budget.scan -= open.scanner.offset - start
            switch unit {
            case nil:
                batch.lose(through: segment.lastSeq, in: segment, bytes: open.unreadable)
                return
            case .header:
                continue
            case .unreadable(let range):
                open.unreadable = (open.unreadable?.lowerBound ?? range.lowerBound)..<range.upperBound
            case .line(let parts):
                guard parts.seq > batch.position else { continue }
                batch.move(to: min(parts.seq, segment.lastSeq + 1), in: segment, bytes: open.unreadable)
                open.unreadable = nil
                guard parts.seq <= segment.lastSeq else { return }
                take(parts, from: open.scanner.chunk, into: &batch, filter: &filter, budget: &budget)
            }
        }
        current = open
    }

    private func take(
        _ parts: LineParts,
        from chunk: [UInt8],
        into batch: inout JournalBatch,
        filter: inout KindFilter,
        budget: inout ReadBudget
    ) {
        guard let kind = chunk.withUnsafeBufferPointer({ filter.wantedName($0, parts.kind) }) else { return }
        batch.lines.append(JournalLine(parts, kind: kind, in: chunk))
        budget.lines -= 1
        budget.bytes -= parts.body.count
    }
}

/// The limits that one step of a reader has left.
struct ReadBudget {
    var lines: Int
    var bytes: Int
    var scan: Int64

    var isSpent: Bool { lines <= 0 || bytes <= 0 || scan <= 0 }
}

extension JournalBatch {
    /// Moves to line `seq`, and reports the missing lines before it, or unreadable bytes.
    mutating func move(to seq: Int64, in segment: Segment, bytes: Range<Int64>?) {
        lose(through: seq - 1, in: segment, bytes: bytes)
        position = min(seq, segment.lastSeq)
    }

    /// Moves to line `last`, and reports the lines between the position and `last` as lost.
    ///
    /// Numbers before the segment's first line were never used, unless `first` says otherwise.
    mutating func lose(
        from first: Int64? = nil,
        through last: Int64,
        in segment: Segment,
        bytes: Range<Int64>? = nil,
        cause: DamageReport.Cause? = nil
    ) {
        let first = first ?? max(position + 1, segment.header.first)
        position = max(position, last)
        let missing = first <= last ? first...last : nil
        guard missing != nil || bytes != nil else { return }
        damage.append(
            DamageReport(
                cause: cause ?? (bytes == nil ? .missingLines : .unreadableBytes),
                segment: segment.name.text,
                bytes: bytes,
                missing: missing
            )
        )
    }
}
