package import Core
internal import Ingest
package import Postgres

/// The SQL of a list of executions, the newest first, that is bounded whatever is asked: what no index finds is looked for
/// among the newest only, and the answer says since when they are.
package struct TraceSearch {
    /// Where executions are.
    package struct Place: Sendable {
        let table: String
        let time: String
        let key: String
        let order: String

        /// `time` and `key` are columns that make a row; `order` is that of an index.
        package init(table: String, time: String, key: String, order: String) {
            self.table = table
            self.time = time
            self.key = key
            self.order = order
        }
    }

    private let place: Place
    private let limit: Int
    private let samples: Int
    private var conditions = SQLConditions()
    // How many values the conditions that an index knows have: the first ones.
    private var known = 0
    private var words: (column: String, all: [String])?
    private var filters: [String] = []
    private var pattern: String?
    private var hits: [String] = []

    /// Asks for what the query wants, but for its search and its status. `hasNumber` says that the key is the number in the
    /// cursor; else only times are compared.
    package init(_ query: TraceQuery, _ limits: InsightLimits, in place: Place, hasNumber: Bool = false) {
        self.place = place
        limit = query.limit
        samples = limits.samples
        if let since = query.since {
            require("\(place.time) >= \(value(.timestamp(since)))::timestamptz")
        }
        guard let before = query.before else { return }
        let at = value(.timestamp(before.at))
        if hasNumber {
            require(
                "(\(place.time), \(place.key)) < (\(at)::timestamptz, \(value(.int64(before.id)))::bigint)"
            )
        } else {
            require("\(place.time) < \(at)::timestamptz")
        }
    }

    /// Adds a value; returns its placeholder.
    package mutating func value(_ parameter: Parameter) -> String { conditions.place(parameter) }

    /// Adds a condition that an index knows. Must come before all filters.
    package mutating func require(_ condition: String) {
        conditions.require(condition)
        known = conditions.parameters.count
    }

    /// Wants one of some words in a column that an index has before the time. The words are Weir's, never a client's.
    package mutating func require(_ column: String, among words: [String]) { self.words = (column, words) }

    /// Adds a condition that no index knows.
    package mutating func filter(_ condition: String) { filters.append("(\(condition))") }

    /// Looks for a word: rows that match `pattern`, and those, however old, that an index finds by `hits`.
    package mutating func search(_ pattern: String, hits: [String]) {
        self.pattern = "(\(pattern))"
        self.hits = hits
    }

    /// A condition for columns that contain the text of a placeholder, without regard to case.
    package static func contained(_ placeholder: String, in columns: [String]) -> String {
        columns.map { "strpos(lower(\($0)), lower(\(placeholder)::text)) > 0" }.joined(separator: " OR ")
    }

    private var isFiltered: Bool { pattern != nil || !filters.isEmpty }

    /// At most `most` of the newest rows that the indexes find.
    private func newest(_ most: String) -> String {
        let rows = "SELECT * FROM \(place.table) WHERE \(conditions.text)"
        let end = "ORDER BY \(place.order) LIMIT (\(most))::bigint"
        guard let words else { return "\(rows) \(end)" }
        let list = words.all.map { "'\($0)'" }.joined(separator: ", ")
        return """
            SELECT r.* FROM unnest(ARRAY[\(list)]) x (word)
            CROSS JOIN LATERAL (\(rows) AND \(words.column) = x.word \(end)) r
            \(end)
            """
    }

    /// All columns of the executions, at most as many as are asked for.
    package mutating func sql() -> String {
        let limit = value(.int(limit))
        guard isFiltered else { return newest(limit) }
        let end = "ORDER BY \(place.order) LIMIT \(limit)::bigint"
        let all = (filters + [pattern].compactMap(\.self)).joined(separator: " AND ")
        let own = "SELECT * FROM (\(newest(value(.int(samples))))) newest WHERE \(all) \(end)"
        guard !hits.isEmpty else { return own }
        let among = words.map { words in
            "\(words.column) IN (\(words.all.map { "'\($0)'" }.joined(separator: ", ")))"
        }
        let rest = filters + [among].compactMap(\.self) + ["(\(hits.joined(separator: " OR ")))"]
        return """
            SELECT DISTINCT ON (\(place.time), \(place.key)) * FROM (
                SELECT * FROM (\(own)) own
                UNION ALL
                SELECT * FROM (
                    SELECT * FROM \(place.table) WHERE \(conditions.text) AND \(rest.joined(separator: " AND "))
                    \(end)
                ) hit
            ) found
            \(end)
            """
    }

    /// The values of `sql()`, and of what was placed since.
    package var parameters: [Parameter] { conditions.parameters }

    /// Since when executions were looked at, where fewer were found than are asked for; nil when all were looked at.
    package func since(_ count: Int, on connection: Connection) throws -> Timestamp? {
        guard isFiltered, count < limit else { return nil }
        let end = "ORDER BY \(place.order) OFFSET $\(known + 1)::bigint LIMIT 1"
        // Of one word of several an index has no order.
        let source =
            words == nil
            ? "\(place.table) WHERE \(conditions.text)" : "(\(newest("$\(known + 1) + 1"))) newest"
        let sql = "SELECT \(place.time) AS at FROM \(source) \(end)"
        let values = Array(conditions.parameters.prefix(known)) + [.int(samples - 1)]
        return try connection.execute(Statement(sql: sql), values).first?.timestamp("at")
    }
}
