internal import API
internal import Core

/// The parameters of `GET /api/metrics/query` with `step`. Contract noetl §7.5.
struct StepQuery: Sendable {
    /// What a point is made of.
    enum Aggregation: String, CaseIterable, Sendable {
        case avg, min, max, sum, last, count, rate, increase
    }

    /// The most series that one query reads.
    static let mostSeries = 10_000
    /// The most points of an answer.
    static let mostPoints = 100_000

    var filter: SeriesFilter
    /// Inclusive; every point is of a whole step.
    var from: Timestamp
    /// Inclusive; every point is of a whole step.
    var to: Timestamp
    /// In seconds.
    var step: Int
    /// As it was sent.
    var stepText: String
    var aggregation: Aggregation
    /// Labels, `component_name` and `component_type`; series with the same of these become one. Nil keeps them apart.
    var by: [String]?

    /// The coarsest rollups from which points of a step can be made; nil for samples alone.
    var grain: RollupGrain? { RollupGrain.allCases.last { step % $0.seconds == 0 } }

    /// The first moment of the first point, and the first one after the last point.
    var bounds: (start: Timestamp, end: Timestamp) {
        let us = Int64(step) * 1_000_000
        func aligned(_ time: Timestamp) -> Int64 {
            let rest = time.microseconds % us
            return time.microseconds - (rest < 0 ? rest + us : rest)
        }
        let start = Timestamp(microseconds: aligned(from))
        let end = Timestamp(microseconds: aligned(to) + us)
        return (max(start, .earliest), min(end, .latest))
    }
}

/// The lengths of the buckets of rollups.
enum RollupGrain: Int, CaseIterable, Sendable {
    case minute, fiveMinutes, hour, day

    /// The length of a bucket.
    var seconds: Int {
        switch self {
        case .minute: 60
        case .fiveMinutes: 300
        case .hour: 3600
        case .day: 86_400
        }
    }

    /// Whether a row has the buckets of an hour.
    var spansHour: Bool { self == .minute || self == .fiveMinutes }

    /// The end of the table's name.
    var table: String {
        switch self {
        case .minute: "rollup_minute"
        case .fiveMinutes: "rollup_five_minutes"
        case .hour: "rollup_hour"
        case .day: "rollup_day"
        }
    }
}

extension StepQuery {
    /// Reads `30s`, `5m`, `1h`, `1d` or seconds, up to a year; nil for anything else.
    static func seconds(_ text: String) -> Int? {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        let unit = text.last.flatMap { units[$0] }
        let digits = unit == nil ? text[...] : text.dropLast()
        guard !digits.isEmpty, digits.utf8.count <= 9,
            digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int(digits)
        else { return nil }
        let seconds = number * (unit ?? 1)
        return (1...366 * 86_400).contains(seconds) ? seconds : nil
    }
}
