internal import Core
internal import Postgres

/// What may change about series from question to question.
struct SeriesStanding: Sendable {
    private static let fetch = Statement("standing of series", file: PackageResources.series_standing_sql)

    /// When the descriptions arrived: one changes only together with this time. Nothing of a series that was deleted.
    private(set) var describedAt: [Int32: Timestamp] = [:]
    /// Of series with a lifetime of their own, the moment after which samples arrived that are shown.
    private(set) var keptAfter: [Int32: Timestamp] = [:]
    private var asked: Set<Int32> = []

    /// Asks for series that it has not asked for yet.
    mutating func learn(
        _ series: some Sequence<Int32>,
        at now: Timestamp,
        on connection: Connection
    ) throws {
        let new = Set(series).subtracting(asked)
        guard !new.isEmpty else { return }
        asked.formUnion(new)
        let row = try connection.execute(
            Self.fetch,
            [.int64Array(new.map { Int64($0) }), .timestamp(now)]
        )[0]
        try Self.add(row, "series", "described_at", to: &describedAt)
        try Self.add(row, "limited", "kept_after", to: &keptAfter)
    }

    /// Both columns are null when there are no such series.
    private static func add(
        _ row: Row,
        _ series: Row.Column,
        _ times: Row.Column,
        to known: inout [Int32: Timestamp]
    ) throws {
        guard let series = try row.optionalBytes(series), let times = try row.optionalBytes(times) else {
            return
        }
        let numbers = BinaryArray.elements(series, as: Int32.self) ?? []
        known.reserveCapacity(known.count + numbers.count)
        for (number, time) in zip(numbers, BinaryArray.times(times)) { known[number] = time }
    }
}
