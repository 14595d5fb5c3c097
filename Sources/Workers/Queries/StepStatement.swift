internal import Core
internal import Ingest
internal import Postgres

/// The SQL of a query with a step: what is rolled up comes from rollups, and the rest from samples.
///
/// An hour of a component is read from samples as long as it is marked in `rollup_due`, and otherwise from rollups: in
/// one snapshot it is one or the other.
enum StepStatement {
    // $1, $2, $3 are those of `sample_increases.sql`; $4: components; $5, $6: bounds, the end exclusive; $7: the step in
    // seconds; $8: the group of each of $3; $9: how many points.
    //
    // A row for each group: the times and values of its points, as arrays in binary form. `readsRollups` is false when
    // their buckets are read by `buckets`.
    static func make(_ query: StepQuery, readsRollups: Bool = true) -> Statement {
        let (grain, aggregation) = (query.grain, query.aggregation)
        var parts = [grain == nil ? wholeRange : markedHours, RollupStore.increases]
        if grain == .day { parts.append(changedDays) }
        let columns = aggregation.columns
        let rolled = grain.map { rollups($0, columns, isWhole: query.step == $0.seconds) } ?? []
        let sources = [samples(columns)] + (readsRollups ? rolled : [])
        parts.append("parts AS (\n\(sources.joined(separator: "\nUNION ALL\n"))\n)")
        return Statement(
            "points of a step",
            "WITH \(parts.joined(separator: ",\n"))\n\(points(aggregation))"
        )
    }

    /// The rows of rollups whose buckets are the points of a query: $1: series; $2, $3: bounds, the end exclusive; $4:
    /// how many buckets, up to the row that exceeds it. Nil for a query that has no such rows.
    static func buckets(of query: StepQuery) -> Statement? {
        guard let grain = query.grain, grain.spansHour, query.step == grain.seconds, query.by == nil,
            let values = query.aggregation.bucketColumn
        else { return nil }
        return Statement(
            "buckets of a step",
            """
            SELECT
                r.series_id, r.starts_at, array_send(r.bucket) AS buckets, array_send(r.value) AS values,
                array_send(r.count) AS counts
            FROM (
                SELECT
                    r.series_id, r.starts_at, r.bucket, \(values) AS value, r.count,
                    sum(cardinality(r.bucket)) OVER (ORDER BY r.series_id, r.starts_at) - cardinality(r.bucket) AS before
                FROM \(grain.table) r
                WHERE r.series_id = ANY ($1::integer[])
                  AND r.starts_at > $2::timestamptz - interval '1 hour'
                  AND r.starts_at < $3::timestamptz
                  AND NOT EXISTS (
                      SELECT
                      FROM series s
                      JOIN rollup_due d ON d.runtime_id = s.runtime_id
                      WHERE s.series_id = r.series_id AND d.hour = r.starts_at
                  )
            ) r
            WHERE r.before <= $4::bigint
            ORDER BY r.series_id, r.starts_at
            """
        )
    }

    // MARK: - Stretches of samples

    /// The hours that are read from samples.
    private static let markedHours = """
        due AS MATERIALIZED (
            SELECT runtime_id, hour AS starts_at, hour + interval '1 hour' AS ends_at
            FROM rollup_due
            WHERE runtime_id = ANY ($4::bigint[]) AND hour > $5::timestamptz - interval '1 hour' AND hour < $6::timestamptz
        )
        """

    /// No rollup can answer.
    private static let wholeRange = """
        due AS (
            SELECT c.runtime_id, $5::timestamptz AS starts_at, $6::timestamptz AS ends_at
            FROM unnest($4::bigint[]) AS c (runtime_id)
        )
        """

    /// Days whose row by day does not have all that their hours have.
    private static let changedDays = """
        changed AS MATERIALIZED (
            SELECT runtime_id, day
            FROM rollup_due_day
            WHERE runtime_id = ANY ($4) AND day >= $5 AND day < $6
            UNION
            SELECT runtime_id, date_trunc('day', starts_at, 'UTC') FROM due
        )
        """

    private static let step = "$7::bigint * interval '1 second'"

    private static func samples(_ columns: [Column]) -> String {
        """
        SELECT series_id, date_bin(\(step), at, 'epoch') AS at, \(columns.map(\.ofSample).joined(separator: ", "))
        FROM increases
        WHERE at >= starts_at AND at >= $5 AND at < $6
        """
    }

    // MARK: - Rollups

    /// `isWhole` when each of the buckets is a point.
    private static func rollups(_ grain: RollupGrain, _ columns: [Column], isWhole: Bool) -> [String] {
        func rollup(_ grain: RollupGrain, rowLength: String, unless excluded: String, isWhole: Bool = isWhole)
            -> String
        {
            self.rollup(grain, columns, rowLength: rowLength, unless: excluded, isWhole: isWhole)
        }
        switch grain {
        case .minute, .fiveMinutes:
            return [rollup(grain, rowLength: "1 hour", unless: isMarked("r.starts_at"))]
        case .hour: return [rollup(.hour, rowLength: "1 day", unless: isMarked("b.at"))]
        case .day:
            let unless = "\(isMarked("b.at")) OR NOT \(isChanged("r.starts_at"))"
            return [
                rollup(.day, rowLength: "31 days", unless: isChanged("b.at")),
                rollup(.hour, rowLength: "1 day", unless: unless, isWhole: false),
            ]
        }
    }

    private static func isMarked(_ hour: String) -> String {
        "EXISTS (SELECT FROM due d WHERE d.runtime_id = s.runtime_id AND d.starts_at = \(hour))"
    }

    private static func isChanged(_ day: String) -> String {
        "EXISTS (SELECT FROM changed d WHERE d.runtime_id = s.runtime_id AND d.day = \(day))"
    }

    /// The buckets of one table; `rowLength` is the time that a row spans.
    private static func rollup(
        _ grain: RollupGrain,
        _ columns: [Column],
        rowLength: String,
        unless excluded: String,
        isWhole: Bool
    ) -> String {
        // Each array that is taken apart costs, so only those that are needed are.
        let arrays = ["bucket"] + Set(columns.flatMap(\.arrays)).sorted()
        return """
            SELECT
                r.series_id, \(isWhole ? "b.at" : "date_bin(\(step), b.at, 'epoch')"),
                \(columns.map(\.ofBucket).joined(separator: ", "))
            FROM \(grain.table) r
            JOIN series s ON s.series_id = r.series_id
            CROSS JOIN LATERAL unnest(\(arrays.map { "r.\($0)" }.joined(separator: ", ")))
                AS e (\(arrays.joined(separator: ", ")))
            CROSS JOIN LATERAL (SELECT r.starts_at + e.bucket * interval '\(grain.seconds) seconds') AS b (at)
            WHERE r.series_id = ANY ($3)
              AND r.starts_at > $5::timestamptz - interval '\(rowLength)'
              AND r.starts_at < $6::timestamptz
              AND b.at >= $5 AND b.at < $6
              AND NOT (\(excluded))
            """
    }

    // MARK: - Points

    private static func points(_ aggregation: StepQuery.Aggregation) -> String {
        """
        SELECT t.number, array_send(array_agg(t.at)) AS times, array_send(array_agg(t.value)) AS values
        FROM (
            SELECT g.number, p.at, (\(value(aggregation)))::double precision AS value
            FROM parts p
            JOIN unnest($3::integer[], $8::integer[]) AS g (series_id, number) ON g.series_id = p.series_id
            GROUP BY 1, 2
            \(aggregation.isOfCounters ? "HAVING count(p.increase) > 0" : "")
            ORDER BY 1, 2
            LIMIT $9
        ) t
        GROUP BY t.number
        ORDER BY t.number
        """
    }

    private static func value(_ aggregation: StepQuery.Aggregation) -> String {
        switch aggregation {
        case .avg: "sum(p.sum) / sum(p.count)"
        case .min: "min(p.min)"
        case .max: "coalesce(max(p.max) FILTER (WHERE p.max <> 'NaN'), 'NaN')"
        case .sum: "sum(p.sum)"
        // Of several series with one time, the greatest value.
        case .last: "(array_agg(p.last ORDER BY p.last_at DESC, p.place DESC, p.last DESC))[1]"
        case .count: "sum(p.count)"
        case .increase: "sum(p.increase)"
        case .rate: "sum(p.increase) / $7"
        }
    }
}

extension StepStatement {
    /// What a point is made of, from samples and from buckets of rollups.
    fileprivate enum Column: Sendable {
        case count, min, max, sum, last, lastAt, place, increase

        var ofSample: String {
            switch self {
            case .count: "1 AS count"
            case .min: "value AS min"
            case .max: "value AS max"
            case .sum: "rollup_summand(value) AS sum"
            case .last: "value AS last"
            case .lastAt: "at AS last_at"
            case .place: "place"
            case .increase: "increase"
            }
        }

        /// A bucket of one sample has only the last of these.
        var ofBucket: String {
            switch self {
            case .count: "coalesce(e.count, 1)"
            case .min: "coalesce(e.min, e.last)"
            case .max: "coalesce(e.max, e.last)"
            case .sum: "coalesce(e.sum, rollup_summand(e.last))"
            case .last: "e.last"
            case .lastAt: "e.last_at"
            case .place: "0"
            case .increase: "e.increase"
            }
        }

        /// The columns of rollups that it needs.
        var arrays: [String] {
            switch self {
            case .count: ["count"]
            case .min: ["min", "last"]
            case .max: ["max", "last"]
            case .sum: ["sum", "last"]
            case .last: ["last"]
            case .lastAt: ["last_at"]
            case .place: []
            case .increase: ["increase"]
            }
        }
    }
}

extension StepQuery.Aggregation {
    /// Whether gauges have none.
    fileprivate var isOfCounters: Bool { self == .rate || self == .increase }

    fileprivate var columns: [StepStatement.Column] {
        switch self {
        case .avg: [.sum, .count]
        case .min: [.min]
        case .max: [.max]
        case .sum: [.sum]
        case .last: [.last, .lastAt, .place]
        case .count: [.count]
        case .increase, .rate: [.increase]
        }
    }

    /// The array that has the values of points, where a bucket is a point; nil where it may have nulls.
    fileprivate var bucketColumn: String? {
        switch self {
        case .avg, .sum: "coalesce(r.sum, r.last)"
        case .min: "coalesce(r.min, r.last)"
        case .max: "coalesce(r.max, r.last)"
        case .last, .count: "r.last"
        case .increase, .rate: nil
        }
    }
}
