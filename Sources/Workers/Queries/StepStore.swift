internal import Core
internal import Postgres

/// Answers queries with a step.
struct StepStore {
    let connection: Connection
    /// The moment that decides which samples have expired.
    let now: Timestamp
    /// How long samples are kept that have no lifetime of their own.
    let keep: Duration

    /// Beyond, a plan for these series is worth its time.
    private static let fewSeries = 64

    /// A series of the answer: one that is stored, or several with the same labels.
    struct Group: Sendable {
        var componentName: String?
        var componentType: String?
        let metricName: String
        let metricType: String
        var labels: LabelSet
        var points: [(at: Timestamp, value: Double)] = []
    }

    /// Why an answer would be too large.
    enum Excess: Error {
        case series
        case points
    }

    /// The series of an answer that have points, by name.
    ///
    /// - Throws: `Excess`, `SeriesFilter.Refusal` and `PostgresError`.
    func fetch(_ query: StepQuery) throws -> [Group] {
        guard query.from <= query.to else { return [] }
        let series = try query.filter.describe(atMost: StepQuery.mostSeries + 1, on: connection)
        guard series.count <= StepQuery.mostSeries else { throw Excess.series }
        guard !series.isEmpty else { return [] }
        var groups = StepGroups(by: query.by)
        let numbers = series.map { groups.add($0) }
        let (start, end) = query.bounds
        let parameters: [Parameter] = [
            .timestamp(now), .timestamp(now - keep), .int64Array(series.map(\.number)),
            .int64Array(Array(Set(series.map(\.componentID)))), .timestamp(start), .timestamp(end),
            .int(query.step), .int64Array(numbers.map(Int64.init)), .int(StepQuery.mostPoints + 1),
        ]
        let buckets = series.count <= Self.fewSeries ? StepStatement.buckets(of: query) : nil
        let plans = TransactionOptions(
            // One snapshot: an hour is read from samples or from rollups.
            isolation: .repeatableRead,
            isReadOnly: true,
            reusesPlans: series.count <= Self.fewSeries
        )
        let (rows, rolled) = try connection.transaction(plans) {
            (
                try connection.execute(StepStatement.make(query, readsRollups: buckets == nil), parameters),
                try buckets.map {
                    try connection.execute(
                        $0,
                        [
                            parameters[2], parameters[4], parameters[5],
                            .int(StepQuery.mostPoints + series.count * RollupBuckets.mostOutside),
                        ]
                    )
                }
            )
        }
        var count = 0
        for row in rows {
            let times = BinaryArray.times(try row.bytes("times"))
            let values = BinaryArray.doubles(try row.bytes("values"))
            count += times.count
            guard count <= StepQuery.mostPoints else { throw Excess.points }
            groups.append(Array(zip(times, values)), to: try row.int("number"))
        }
        let groupNumbers = Dictionary(zip(series.map(\.number), numbers)) { $1 }
        for row in rolled.map(Array.init) ?? [] {
            let points = try RollupBuckets.points(of: query, in: row)
            count += points.count
            guard count <= StepQuery.mostPoints else { throw Excess.points }
            if let number = groupNumbers[try row.int64("series_id")] { groups.append(points, to: number) }
        }
        return groups.filled
    }
}

/// The series of an answer, as they are put together.
struct StepGroups {
    /// What makes a series of the answer.
    private struct Key: Hashable {
        var componentName: String?
        var componentType: String?
        let metricName: String
        let metricType: String
        let labels: LabelSet
        /// Of a stored series that stays apart.
        var number: Int64?
    }

    private let by: [String]?
    private var numbers: [Key: Int] = [:]
    private var groups: [StepStore.Group] = []

    init(by: [String]?) {
        self.by = by
    }

    /// Those with points, in the order of the series.
    var filled: [StepStore.Group] {
        groups.filter { !$0.points.isEmpty }.map { group in
            var group = group
            group.points.sort { $0.at < $1.at }
            return group
        }
    }

    /// Adds a stored series; returns the number of the series of the answer that it belongs to.
    mutating func add(_ series: SeriesFilter.Described) -> Int {
        let key = key(of: series)
        if let number = numbers[key] { return number }
        numbers[key] = groups.count
        groups.append(
            StepStore.Group(
                componentName: key.componentName,
                componentType: key.componentType,
                metricName: key.metricName,
                metricType: key.metricType,
                labels: key.labels
            )
        )
        return groups.count - 1
    }

    mutating func append(_ points: [(Timestamp, Double)], to number: Int) {
        groups[number].points += points.map { (at: $0, value: $1) }
    }

    private func key(of series: SeriesFilter.Described) -> Key {
        guard let by else {
            return Key(
                componentName: series.componentName,
                componentType: series.componentType,
                metricName: series.metricName,
                metricType: series.metricType,
                labels: series.labels,
                number: series.number
            )
        }
        return Key(
            componentName: by.contains("component_name") ? series.componentName : nil,
            componentType: by.contains("component_type") ? series.componentType : nil,
            metricName: series.metricName,
            metricType: series.metricType,
            labels: LabelSet(
                series.labels.pairs.filter { by.contains($0.name) }.map { ($0.name, $0.value) }
            )
        )
    }
}
