internal import Core
internal import Ingest
internal import Postgres

/// How far the rows of a journal are forwarded: up to the one that arrived then, with that id.
struct ForwardPlace: Hashable, Comparable, Sendable {
    var receivedAt: Timestamp
    var metricID: Int64

    /// Behind everything that arrived up to a moment.
    static func end(of moment: Timestamp) -> ForwardPlace {
        ForwardPlace(receivedAt: moment, metricID: .max)
    }

    static func < (left: ForwardPlace, right: ForwardPlace) -> Bool {
        (left.receivedAt, left.metricID) < (right.receivedAt, right.metricID)
    }
}

/// A journal with samples.
struct ForwardSource: Sendable {
    let journal: UUID128
    /// When the last loaded line arrived; nil before the first.
    let loadedAt: Timestamp?
    /// Whether no line was loaded for a minute.
    let isIdle: Bool
    /// Nil when nothing of it was forwarded.
    let sent: ForwardPlace?
}

/// The SQL of forwarding.
enum ForwardStore {
    private static let blocks = Statement("blocks to forward", file: PackageResources.forward_blocks_sql)
    private static let sources = Statement(
        "journals to forward",
        """
        SELECT
            p.journal_id, p.received_at, p.applied_at < now() - interval '1 minute' AS is_idle,
            f.received_at AS sent_at, f.metric_id
        FROM journal_position p
        LEFT JOIN forward_position f ON f.journal_id = p.journal_id AND f.destination = $1
        WHERE p.stream = 'workers'
        ORDER BY p.journal_id
        """
    )
    private static let keep = Statement(
        "keep forward position",
        """
        INSERT INTO forward_position AS f (destination, journal_id, received_at, metric_id)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (destination, journal_id) DO UPDATE SET
            received_at = excluded.received_at,
            metric_id = excluded.metric_id
        WHERE (f.received_at, f.metric_id) < (excluded.received_at, excluded.metric_id)
        """
    )

    static func fetchSources(to destination: UUID128, on connection: Connection) throws -> [ForwardSource] {
        try connection.execute(sources, [.uuid(destination)]).map { row in
            let id = try row.optionalInt64("metric_id")
            let sent = try row.optionalTimestamp("sent_at").flatMap { at in
                id.map { ForwardPlace(receivedAt: at, metricID: $0) }
            }
            return ForwardSource(
                journal: try row.uuid("journal_id"),
                loadedAt: try row.optionalTimestamp("received_at"),
                isIdle: try row.bool("is_idle"),
                sent: sent
            )
        }
    }

    static func fetchBlocks(
        of journal: UUID128,
        after place: ForwardPlace,
        until end: Timestamp,
        atMost count: Int,
        on connection: Connection
    ) throws -> [StoredBlock] {
        try connection.execute(
            blocks,
            [
                .uuid(journal), .timestamp(place.receivedAt), .timestamp(end), .int64(place.metricID),
                .int64(Int64(count)),
            ]
        ).map { try StoredBlock($0) }
    }

    static func keep(
        _ place: ForwardPlace,
        of journal: UUID128,
        to destination: UUID128,
        on connection: Connection
    ) throws {
        try connection.execute(
            keep,
            [.uuid(destination), .uuid(journal), .timestamp(place.receivedAt), .int64(place.metricID)]
        )
    }
}
