internal import API
internal import Core
internal import Ingest
internal import Postgres

/// Which series a query means. Contract noetl §1.3, §7.5.
struct SeriesFilter: Sendable {
    /// Wins over the name; nil for 0.
    var componentID: Int64?
    /// Of all types.
    var componentName: String?
    /// Compared as it is; nil for an empty one.
    var metricName: String?
    var metricType: String?
    /// A regular expression of PostgreSQL that matches the whole name.
    var metricPattern: String?
    /// Labels that a series must have, with their values.
    var labels = LabelSet.none

    /// Whether it says more than which components.
    var meansSeries: Bool {
        metricName != nil || metricType != nil || metricPattern != nil || !labels.pairs.isEmpty
    }

    /// Why a query that the database was asked is the fault of its sender.
    enum Refusal: Error {
        /// PostgreSQL's words about a regular expression.
        case pattern(String)
    }
}

extension SeriesFilter {
    /// The components that a query means, and the numbers of its series; nil for all series of these components.
    struct Meant: Sendable {
        var components: [Int64] = []
        var series: [Int64]?
    }

    /// Finds components and series.
    ///
    /// - Throws: `Refusal` for a bad pattern, and `PostgresError`.
    func find(on connection: Connection) throws -> Meant {
        if let metricPattern { try Self.check(metricPattern, on: connection) }
        var conditions = componentConditions
        guard meansSeries else {
            let sql = "SELECT array_agg(r.runtime_id) AS components FROM component r WHERE \(conditions.text)"
            let rows = try connection.execute(Statement("components", sql), conditions.parameters)
            return Meant(components: try Self.numbers(rows[0], "components"))
        }
        addSeries(to: &conditions)
        let sql = """
            SELECT array_agg(DISTINCT s.runtime_id) AS components, array_agg(s.series_id ORDER BY s.series_id) AS series
            FROM series s
            JOIN component r ON r.runtime_id = s.runtime_id
            WHERE \(conditions.text)
            """
        let rows = try connection.execute(Statement("series of a query", sql), conditions.parameters)
        return Meant(
            components: try Self.numbers(rows[0], "components"),
            series: try Self.numbers(rows[0], "series")
        )
    }

    /// A stored series.
    struct Described: Sendable {
        let number: Int64
        let componentID: Int64
        let componentName: String
        let componentType: String
        let metricName: String
        let metricType: String
        let labels: LabelSet
    }

    /// Finds series, ordered by name, component and labels.
    ///
    /// - Throws: `Refusal` for a bad pattern, and `PostgresError`.
    func describe(atMost count: Int, on connection: Connection) throws -> [Described] {
        if let metricPattern { try Self.check(metricPattern, on: connection) }
        var conditions = componentConditions
        addSeries(to: &conditions)
        let sql = """
            SELECT s.series_id, s.runtime_id, r.name, r.component_type, s.metric_name, s.metric_type, s.labels::text AS labels
            FROM series s
            JOIN component r ON r.runtime_id = s.runtime_id
            WHERE \(conditions.text)
            ORDER BY s.metric_name, r.name, r.component_type, s.labels::text, s.metric_type, s.series_id
            LIMIT \(conditions.place(.int(count)))
            """
        let rows = try connection.execute(Statement("describe series", sql), conditions.parameters)
        return try rows.map { row in
            Described(
                number: try row.int64("series_id"),
                componentID: try row.int64("runtime_id"),
                componentName: try row.text("name"),
                componentType: try row.text("component_type"),
                metricName: try row.text("metric_name"),
                metricType: try row.text("metric_type"),
                labels: LabelSet(json: try row.optionalUTF8("labels"))
            )
        }
    }

    private var componentConditions: SQLConditions {
        var conditions = SQLConditions()
        if let componentID {
            conditions.require("r.runtime_id", equals: .int64(componentID))
        } else {
            conditions.require("r.name", equals: componentName.map(Parameter.text))
        }
        return conditions
    }

    private func addSeries(to conditions: inout SQLConditions) {
        conditions.require("s.metric_name", equals: metricName.map(Parameter.text))
        conditions.require("s.metric_type", equals: metricType.map(Parameter.text))
        if let metricPattern {
            conditions.require("s.metric_name ~ \(conditions.place(.text("^(?:\(metricPattern))$")))")
        }
        if let json = labels.json {
            conditions.require("s.labels @> \(conditions.place(.utf8(json)))::jsonb")
        }
    }

    /// Compiles the pattern alone, so that it can't end the group that anchors it.
    private static func check(_ pattern: String, on connection: Connection) throws {
        do throws(PostgresError) {
            try connection.execute(Statement("check pattern", "SELECT '' ~ $1"), [.text(pattern)])
            try connection.execute(
                Statement("check pattern", "SELECT '' ~ $1"),
                [.text("^(?:\(pattern))$")]
            )
        } catch {
            guard error.sqlState == "2201B" else { throw error }
            throw Refusal.pattern(error.message)
        }
    }

    private static func numbers(_ row: Row, _ column: String) throws -> [Int64] {
        guard try !row.isNull(.name(column)) else { return [] }
        return try row.int64Array(.name(column)).compactMap(\.self)
    }
}
