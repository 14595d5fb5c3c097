internal import Core
internal import Ingest
internal import Postgres

/// The live order of events: places that are given once an event is committed. Decision 49.
enum PositionStore {
    /// How many events get their places in one transaction.
    static let batch = 1000

    private static let place = Statement("place_events", file: PackageResources.place_events_sql)

    /// Gives committed events their places, unless another Weir is at it and `waits` is false.
    ///
    /// A place that somebody has seen must survive the server's death, also where the loaders' commits need not: this
    /// commit waits for the disk, and with it for every one before.
    /// - Returns: whether there may be more.
    static func placeSome(on connection: Connection, waits: Bool = false) throws -> Bool {
        guard try connection.execute(isWaiting).first?.bool("found") == true else { return false }
        return try connection.transaction {
            try connection.executeScript("SET LOCAL synchronous_commit = on")
            let rows = try connection.execute(waits ? lock : lockIfFree)
            guard !rows.isEmpty else { return false }
            return try connection.execute(place, [.int(batch)]).first?.int("placed") == batch
        }
    }

    private static let isWaiting = Statement(
        "unplaced events",
        "SELECT EXISTS (SELECT FROM provenance_unplaced) AS found"
    )
    private static let lock = Statement(
        "lock the feed",
        "SELECT last_position FROM provenance_feed FOR UPDATE"
    )
    private static let lockIfFree = Statement("lock the feed if it is free", lock.sql + " SKIP LOCKED")

    /// The last place that was given.
    static func last(on connection: Connection) throws -> Int64 {
        try connection.execute(
            Statement("last place", "SELECT last_position FROM provenance_feed")
        ).first?.int64("last_position") ?? 0
    }

    /// How many events wait for their places, 100,000 at most.
    static func waiting(on connection: Connection) throws -> Int {
        try connection.execute(
            Statement(
                "events without a place",
                "SELECT count(*) AS number FROM (SELECT FROM provenance_unplaced LIMIT 100000) s"
            )
        ).first?.int("number") ?? 0
    }

    /// The place of an event; nil for one that is not there, or has none yet.
    static func position(of event: UUID128, on connection: Connection) throws -> Int64? {
        try connection.execute(
            Statement("place of an event", "SELECT position FROM provenance_position WHERE event_id = $1"),
            [.uuid(event)]
        ).first?.int64("position")
    }

    /// The place of an event, which gets one if it has none yet; nil when there is no such event.
    static func placed(_ event: UUID128, on connection: Connection) throws -> Int64? {
        while true {
            if let position = try position(of: event, on: connection) { return position }
            guard try isStored(event, on: connection) else { return nil }
            let hasMore = try placeSome(on: connection, waits: true)
            guard hasMore else { return try position(of: event, on: connection) }
        }
    }

    /// Whether an event is stored.
    private static func isStored(_ event: UUID128, on connection: Connection) throws -> Bool {
        try !connection.execute(
            Statement("event is stored", "SELECT FROM provenance_events WHERE id = $1"),
            [.uuid(event)]
        ).isEmpty
    }

    /// Calls `body` with events after a place and up to another one, in their order, as long as it returns true.
    static func forEach(
        after start: Int64,
        through end: Int64,
        atMost count: Int,
        _ filter: EventFilter,
        on connection: Connection,
        _ body: (Int64, ProvenanceEvent) throws -> Bool
    ) throws {
        var conditions = SQLConditions()
        conditions.require("p.position > \(conditions.place(.int64(start)))")
        conditions.require("p.position <= \(conditions.place(.int64(end)))")
        filter.require(in: &conditions)
        let limit = conditions.place(.int(count))
        // `OFFSET 0` keeps PostgreSQL from looking for a filter's events first, however few it believes there are: it looks at
        // the events of these places.
        let sql = """
            SELECT p.position, \(ProvenanceEvent.columns)
            FROM provenance_position p
            CROSS JOIN LATERAL (SELECT * FROM provenance_events WHERE id = p.event_id OFFSET 0) e
            WHERE \(conditions.text)
            ORDER BY p.position
            LIMIT \(limit)
            """
        try connection.forEachRow(of: Statement("events by place", sql), conditions.parameters) { row in
            try body(try row.int64("position"), try ProvenanceEvent(row))
        }
    }
}
