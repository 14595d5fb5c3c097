package import Core

/// How far back an insight looks. Contract pipelogiq §2.1.
package enum InsightRange: String, CaseIterable, Sendable {
    case quarter = "15m"
    case hour = "1h"
    case sixHours = "6h"
    case day = "24h"
    case week = "7d"

    /// Reads a word, trimmed and without regard to case; nil for anything else.
    init?(reading word: String?) {
        guard let word else { return nil }
        let blanks: Set<Character> = [" ", "\t", "\n", "\r"]
        let trimmed = word.drop { blanks.contains($0) }
        let end = trimmed.lastIndex { !blanks.contains($0) }
        let text = end.map { trimmed[...$0].lowercased() } ?? ""
        guard let range = text == "1d" ? .day : InsightRange(rawValue: text) else { return nil }
        self = range
    }

    /// Its length.
    package var minutes: Int {
        switch self {
        case .quarter: 15
        case .hour: 60
        case .sixHours: 360
        case .day: 1440
        case .week: 10_080
        }
    }

    /// The seconds of one bucket of a series. Contract pipelogiq §2.2.
    package var step: Int64 {
        switch self {
        case .quarter: 60
        case .hour: 120
        case .sixHours: 900
        case .day: 3600
        case .week: 21_600
        }
    }

    /// The buckets of a series: aligned to the epoch, the last one has begun.
    package func buckets(at now: Timestamp) -> InsightBuckets {
        let width = step * 1_000_000
        let last = now.microseconds / width * width
        let count = Int64(minutes) * 60 / step
        return InsightBuckets(
            start: Timestamp(microseconds: last - (count - 1) * width),
            step: step,
            count: Int(count)
        )
    }
}

/// The buckets of a series.
package struct InsightBuckets: Hashable, Sendable {
    /// Of the first one.
    package let start: Timestamp
    /// In seconds.
    package let step: Int64
    package let count: Int

    /// The end of the last one.
    package var end: Timestamp { start.adding(seconds: Int(step) * count) }
}
