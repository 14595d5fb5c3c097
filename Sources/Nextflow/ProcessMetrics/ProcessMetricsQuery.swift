internal import API
internal import Core
internal import Ingest

/// A query of the process metrics. Contract §1.5, and the additions of §3.
struct ProcessMetricsQuery: Sendable {
    /// The parameters of an endpoint beside the common ones.
    struct Shape: Sendable {
        /// The fewest completions of a shown group; nil where it is no parameter.
        var minSamples: APIParameter? = ProcessMetricsParameters.minSamples
        /// The number of rows; nil where it is no parameter.
        var limit: APIParameter?
    }

    private(set) var shape: Shape
    private(set) var windowDays: WholeNumber?
    private(set) var windowHours: WholeNumber?
    /// The fewest completions of a shown group.
    private(set) var minSamples: Int64 = 50
    private(set) var limit = 0
    private(set) var since: Timestamp?
    private(set) var until: Timestamp?
    private(set) var runName: String?
    private(set) var process: String?
    private(set) var executor: String?
    private(set) var machineType: String?

    /// Reads the common parameters, and those of the shape.
    init(_ reader: inout ParameterReader, _ shape: Shape) {
        self.shape = shape
        typealias Parameters = ProcessMetricsParameters
        windowDays = reader.number(Parameters.windowDays)
        if let parameter = shape.minSamples { minSamples = Int64(reader.count(parameter)) }
        if let parameter = shape.limit { limit = reader.count(parameter) }
        windowHours = reader.number(Parameters.windowHours)
        since = reader.time(Parameters.since)
        until = reader.time(Parameters.until)
        runName = reader.text(Parameters.runName).map(indexable)
        process = reader.text(Parameters.process).map(indexable)
        executor = reader.text(Parameters.executor).map(indexable)
        machineType = reader.text(Parameters.machineType).map(indexable)
    }

    /// Whether only attempts that ran in one place are asked for; no rollup knows it.
    var hasPlace: Bool { executor != nil || machineType != nil }

    /// Whether both window_days and window_hours are given: 400. Contract §3.
    var hasTwoWindows: Bool { windowDays != nil && windowHours != nil }

    /// The first and the last moment of the window, both inclusive, as of `now`; nil where it is open.
    func window(at now: Timestamp) -> (since: Timestamp?, until: Timestamp?) {
        let starts = [
            since,
            windowDays.flatMap { Self.start($0, hours: 24, before: now) },
            windowHours.flatMap { Self.start($0, hours: 1, before: now) },
        ]
        return (starts.compactMap { $0 }.max(), until)
    }

    /// `now` minus a number of hours or days; nil when that is before the year 1.
    private static func start(_ count: WholeNumber, hours: Int64, before now: Timestamp) -> Timestamp? {
        let (length, overflow) = count.clamped.multipliedReportingOverflow(by: hours * 3_600_000_000)
        guard !overflow, length <= now.microseconds - Timestamp.earliest.microseconds else { return nil }
        return Timestamp(microseconds: now.microseconds - length)
    }
}

extension ProcessMetricsQuery.Shape {
    static let summary = Self(limit: ProcessMetricsParameters.limit(to: 200, default: 10))
    static let retries = Self(limit: ProcessMetricsParameters.limit(to: 500, default: 50))
    static let resources = Self(limit: ProcessMetricsParameters.limit(to: 1000, default: 100))
    static let failures = Self(limit: ProcessMetricsParameters.limit(to: 500, default: 50))
    static let failureSignatures = Self(
        minSamples: nil,
        limit: ProcessMetricsParameters.limit(to: 1000, default: 100)
    )
    static let running = Self(minSamples: nil)
    static let tasks = Self(minSamples: nil, limit: ProcessMetricsParameters.limit(to: 500, default: 50))
    static let timeline = Self(minSamples: nil)

    /// All parameters of an endpoint, in the order in which they are read and errors are listed.
    var parameters: [APIParameter] {
        typealias Parameters = ProcessMetricsParameters
        return [Parameters.windowDays] + [minSamples, limit].compactMap(\.self) + [
            Parameters.windowHours, Parameters.since, Parameters.until, Parameters.runName,
            Parameters.process, Parameters.executor, Parameters.machineType,
        ]
    }
}
