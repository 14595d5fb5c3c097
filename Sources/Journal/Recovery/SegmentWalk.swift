internal import Core

/// Reads the last segment from front to back, to find the true end of the journal.
struct SegmentWalk {
    /// A segment with lines, and its true end.
    struct Found {
        var segment: Segment
        var lastAt: Timestamp
        /// The offset after the last good line: what follows is torn or was never written.
        var end: Int64
        var damage: [DamageReport]
    }

    private let recovery: Recovery
    private let name: SegmentName
    private var unreadable: Range<Int64>?

    init(_ recovery: Recovery, _ name: SegmentName) {
        self.recovery = recovery
        self.name = name
    }

    /// Nil if not even a header can be read: the segment was begun, and the process died.
    mutating func run() throws(JournalError) -> Found? {
        var scanner = try recovery.makeScanner(name)
        var found: Found?
        while let unit = try scanner.next() {
            switch unit {
            case .unreadable(let range):
                // Torn, unless a good line follows.
                unreadable = (unreadable?.lowerBound ?? range.lowerBound)..<range.upperBound
            case .header(let header):
                guard found == nil else { continue }
                found = begin(header)
                found?.end = scanner.offset
            case .line(let parts):
                var current = found ?? begin(.standIn(for: parts, journal: recovery.journal))
                take(parts, into: &current)
                current.end = scanner.offset
                found = current
            }
        }
        return found
    }

    private func begin(_ header: SegmentHeader) -> Found {
        let segment = Segment(name: name, header: header, lastSeq: header.after)
        return Found(segment: segment, lastAt: header.at, end: 0, damage: [])
    }

    private mutating func take(_ parts: LineParts, into found: inout Found) {
        guard parts.seq > found.segment.lastSeq else { return }
        var gap = JournalBatch(position: found.segment.lastSeq)
        gap.lose(through: parts.seq - 1, in: found.segment, bytes: unreadable)
        found.damage += gap.damage
        unreadable = nil
        found.segment.lastSeq = parts.seq
        found.lastAt = max(found.lastAt, parts.at)
    }
}
