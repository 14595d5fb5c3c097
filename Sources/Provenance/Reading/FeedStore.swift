internal import API
internal import Core
internal import Ingest
internal import Postgres

/// Reads events for feeds, in the order of their times and ids (D11).
struct FeedStore {
    let connection: Connection

    /// A page of a feed.
    struct Page {
        var events: [ProvenanceEvent] = []
        /// Whether there are more behind it.
        var hasMore = false
    }

    /// A page; it ends after so many events, or when they have so many bytes.
    func page(_ query: FeedQuery, mostBytes: Int) throws -> Page {
        let (statement, parameters) = Self.statement(query)
        let limit = PageLimit(rows: query.limit, bytes: mostBytes)
        var page = Page()
        var bytes = 0
        try connection.forEachRow(of: statement, parameters) { row in
            guard !limit.isReached(rows: page.events.count, bytes: bytes) else {
                page.hasMore = true
                return false
            }
            bytes += row.byteCount
            page.events.append(try ProvenanceEvent(row))
            return true
        }
        return page
    }

    private static func statement(_ query: FeedQuery) -> (Statement, [Parameter]) {
        var conditions = SQLConditions()
        var filter = query.filter
        var (time, id, from) = ("e.occurred_at", "e.id", "provenance_events e")
        if let source = filter.source {
            // The table of sources has the order of their feeds in its key.
            (time, id) = ("s.occurred_at", "s.event_id")
            from = "provenance_source s JOIN provenance_events e ON e.id = s.event_id"
            conditions.require("s.source_identifier", equals: .text(source))
            filter.source = nil
        }
        filter.require(in: &conditions, time: time)
        let direction = query.isDescending ? "DESC" : "ASC"
        if let cursor = query.cursor {
            let (at, after) = (
                conditions.place(.timestamp(cursor.occurredAt)), conditions.place(.uuid(cursor.id))
            )
            conditions.require("(\(time), \(id)) \(query.isDescending ? "<" : ">") (\(at), \(after))")
        }
        let (limit, offset) = (conditions.place(.int(query.limit + 1)), conditions.place(.int(query.offset)))
        let sql = """
            SELECT \(ProvenanceEvent.columns)
            FROM \(from)
            WHERE \(conditions.text)
            ORDER BY \(time) \(direction), \(id) \(direction)
            LIMIT \(limit) OFFSET \(offset)
            """
        return (Statement("feed of events", sql), conditions.parameters)
    }

    /// One event.
    func event(_ id: UUID128) throws -> ProvenanceEvent? {
        try connection.execute(
            Statement("event", "SELECT \(ProvenanceEvent.columns) FROM provenance_events e WHERE e.id = $1"),
            [.uuid(id)]
        ).first.map(ProvenanceEvent.init)
    }

    /// Whether any event is about a source.
    func knows(source: String) throws -> Bool {
        try !connection.execute(
            Statement(
                "known source",
                "SELECT FROM provenance_source WHERE source_identifier = $1 LIMIT 1"
            ),
            [.text(source)]
        ).isEmpty
    }

    /// The projects to which executions belong, as far as the events of their creation say.
    func projects(of executions: [UUID128]) throws -> [UUID128: String] {
        let rows = try connection.execute(
            Statement(
                "projects of executions",
                """
                SELECT DISTINCT execution_id, project_module
                FROM provenance_events
                WHERE execution_id = ANY ($1::uuid[]) AND event_type = 'execution.created'
                """
            ),
            [.uuidArray(executions)]
        )
        return Dictionary(
            try rows.map { (try $0.uuid("execution_id"), try $0.text("project_module")) },
            uniquingKeysWith: { first, _ in first }
        )
    }
}
