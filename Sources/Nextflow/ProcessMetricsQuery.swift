internal import Core
internal import HTTP
internal import Ingest

/// What a question to the process metrics asks for. Contract §1.5, and of §3 what only adds.
struct ProcessMetricsQuery: Hashable, Sendable {
    /// Parameters that an endpoint has beside the common ones, with its own bounds.
    struct Shape: Hashable, Sendable {
        /// Whether `min_samples` is a parameter at all.
        var hasMinSamples = true
        /// The bounds of `limit`, nil where it is no parameter.
        var limit: ClosedRange<Int>?
        var defaultLimit = 0
    }

    private(set) var shape: Shape
    private(set) var windowDays: WholeNumber?
    private(set) var windowHours: WholeNumber?
    /// A group is shown when it has at least so many completions.
    private(set) var minSamples: Int64 = 50
    private(set) var limit = 0
    private(set) var since: Timestamp?
    private(set) var until: Timestamp?
    private(set) var runName: String?
    private(set) var process: String?

    /// Reads the common parameters, and those of the shape.
    init(_ reader: inout ParameterReader, _ shape: Shape) {
        self.shape = shape
        windowDays = reader.number("window_days", least: 1)
        if shape.hasMinSamples {
            minSamples = reader.number("min_samples", least: 1)?.clamped ?? 50
        }
        if let bounds = shape.limit {
            limit = reader.number("limit", in: bounds, default: shape.defaultLimit)
        }
        windowHours = reader.number("window_hours", least: 1)
        since = reader.time("since")
        until = reader.time("until")
        runName = reader.text("run_name").map(indexable)
        process = reader.text("process").map(indexable)
    }

    /// Reads the parameters of an endpoint that has no others.
    ///
    /// - Throws: what is wrong with them.
    init(_ query: Query, _ shape: Shape) throws(ParameterFaults) {
        var reader = ParameterReader(query)
        self.init(&reader, shape)
        try reader.finish()
    }

    /// Whether the two ways to say how long the window is contradict each other: 400. Contract §3.
    var hasTwoWindows: Bool { windowDays != nil && windowHours != nil }

    /// The moments that the window begins and ends with, both inclusive, seen from `now`; nil where it is
    /// open.
    func window(at now: Timestamp) -> (since: Timestamp?, until: Timestamp?) {
        let starts = [
            since,
            windowDays.flatMap { Self.start($0, hours: 24, before: now) },
            windowHours.flatMap { Self.start($0, hours: 1, before: now) },
        ]
        return (starts.compactMap { $0 }.max(), until)
    }

    /// `now` less a number of hours or days; nil when that lies before the year 1.
    private static func start(_ count: WholeNumber, hours: Int64, before now: Timestamp) -> Timestamp? {
        let (length, overflow) = count.clamped.multipliedReportingOverflow(by: hours * 3_600_000_000)
        guard !overflow, length <= now.microseconds - Timestamp.earliest.microseconds else { return nil }
        return Timestamp(microseconds: now.microseconds - length)
    }
}

extension ProcessMetricsQuery.Shape {
    static let summary = Self(limit: 1...200, defaultLimit: 10)
    static let retries = Self(limit: 1...500, defaultLimit: 50)
    static let resources = Self(limit: 1...1000, defaultLimit: 100)
    static let failures = Self(limit: 1...500, defaultLimit: 50)
    static let failureSignatures = Self(hasMinSamples: false, limit: 1...1000, defaultLimit: 100)
    static let tasks = Self(hasMinSamples: false, limit: 1...500, defaultLimit: 50)
    static let timeline = Self(hasMinSamples: false)
}
