internal import Core

/// The file name of a segment: `events_20261120.ndjson`, `events_20261120.0001.ndjson`, …, with the codec's extension
/// once compressed. Names sort in the order in which the segments were written.
struct SegmentName: Hashable, Sendable {
    /// The UTC day of the first line.
    let day: CivilDate
    /// 0 for the day's first segment.
    let index: Int
    /// For example `gz`; nil for plain text.
    var compression: String?

    init(day: CivilDate, index: Int, compression: String? = nil) {
        self.day = day
        self.index = index
        self.compression = compression
    }

    /// Reads a file name; nil if it isn't a segment's.
    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard let stem = parts.first, stem.hasPrefix("events_"), stem.utf8.count == 15,
            let day = Self.number(stem.dropFirst(7)).map(Self.day(of:)), day.isValid,
            let format = parts.firstIndex(of: "ndjson")
        else { return nil }
        switch format {
        case 1:
            index = 0
        case 2:
            guard let index = Self.number(parts[1]), index > 0 else { return nil }
            self.index = index
        default:
            return nil
        }
        self.day = day
        switch parts.count - format {
        case 1: compression = nil
        case 2 where parts[format + 1] != "tmp" && !parts[format + 1].isEmpty:
            compression = String(parts[format + 1])
        default: return nil
        }
    }

    var text: String {
        var text = "events_\(day.yyyymmdd)"
        if index > 0 {
            let digits = String(index)
            text += "." + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
        }
        text += ".ndjson"
        if let compression { text += "." + compression }
        return text
    }

    /// The same segment, compressed or not.
    func isSameSegment(as other: SegmentName) -> Bool {
        day == other.day && index == other.index
    }

    /// The instant at which the segment's day ends.
    var endOfDay: Timestamp {
        Timestamp(startOf: day) + .seconds(86_400)
    }

    private static func day(of number: Int) -> CivilDate {
        CivilDate(year: number / 10_000, month: number / 100 % 100, day: number % 100)
    }

    private static func number(_ text: some StringProtocol) -> Int? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text)
    }
}

extension SegmentName: Comparable {
    static func < (left: SegmentName, right: SegmentName) -> Bool {
        (left.day, left.index, left.compression ?? "") < (right.day, right.index, right.compression ?? "")
    }
}
