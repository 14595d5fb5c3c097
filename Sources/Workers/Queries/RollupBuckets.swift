internal import Core
internal import Postgres

/// Buckets of rollups that are the points of an answer as they are.
///
/// PostgreSQL takes four times as long to take the arrays apart and put the points together.
enum RollupBuckets {
    /// How many buckets of a series may be outside of the bounds of a query: those of the rest of two hours.
    static let mostOutside = 120

    /// The points of a row of `StepStatement.buckets`.
    static func points(of query: StepQuery, in row: Row) throws -> [(Timestamp, Double)] {
        let start = try row.timestamp("starts_at")
        let buckets = BinaryArray.elements(try row.bytes("buckets"), as: Int16.self) ?? []
        let values = BinaryArray.doubles(try row.bytes("values"))
        // Null where every bucket has one sample.
        let counts = try row.optionalBytes("counts").flatMap { BinaryArray.elements($0, as: Int32.self) }
        let (first, end) = query.bounds
        var points: [(Timestamp, Double)] = []
        points.reserveCapacity(buckets.count)
        for index in buckets.indices {
            let at = start.adding(seconds: Int(buckets[index]) * query.step)
            guard at >= first, at < end else { continue }
            points.append((at, value(query.aggregation, values[index], counts?[index])))
        }
        return points
    }

    private static func value(_ aggregation: StepQuery.Aggregation, _ value: Double, _ count: Int32?)
        -> Double
    {
        switch aggregation {
        case .avg: count.map { value / Double($0) } ?? summand(value)
        case .sum: count == nil ? summand(value) : value
        case .count: Double(count ?? 1)
        case .min, .max, .last, .increase, .rate: value
        }
    }

    /// The function `rollup_summand` of the schema.
    private static func summand(_ value: Double) -> Double {
        if value.isNaN || (-1e300...1e300).contains(value) { return value }
        return value > 0 ? .infinity : -.infinity
    }
}
