internal import Core
internal import Ingest
internal import Postgres

/// The runs that are to be exported: rows of `trace_export`, which all Weirs of a database share.
///
/// An outbox consumer puts a run there when it has ended; whoever exports it holds it for a while, so that a killed Weir
/// loses none. A run is exported again from the last page that was sent.
struct ExportQueue: Sendable {
    static let consumer = "traces"
    private static let batch = 500
    /// How often a run is tried at least, about half a minute, before it is given up.
    private static let fewestAttempts = 5

    let sources: [any TraceSource]
    /// How long after its end a run is exported: events of its tasks may still be on their way.
    let settling: Duration
    /// After how long a run that could not be exported is given up.
    let patience: Duration
    /// How many runs may wait.
    var most = 100_000
    /// How long one Weir holds a run.
    var hold = Duration.seconds(60)

    /// A run that this Weir exports now.
    struct Entry: Sendable {
        let system: String
        let name: TracedName
        /// How often it was tried, this time included: also where that crashed a Weir.
        let attempts: Int
        let position: String?
    }

    /// Begins to listen for ends of runs. Idempotent; `forget` ends it.
    func register(on connection: Connection) throws {
        try OutboxStore.register(Self.consumer, on: connection)
    }

    /// Takes the ends of runs from the outbox.
    func takeEvents(on connection: Connection) throws {
        guard try OutboxStore.hasUnread(Self.consumer, on: connection) else { return }
        while try takeBatch(on: connection).events == Self.batch {}
    }

    /// Takes events; runs that have ended are stored, unless they are to be forgotten.
    private func takeBatch(
        isStored: Bool = true,
        on connection: Connection
    ) throws -> (events: Int, runs: Int) {
        try connection.transaction {
            let events = try OutboxStore.take(Self.consumer, limit: Self.batch, on: connection)
            // The last end of a run counts.
            var ended: [Key: Timestamp] = [:]
            for event in events {
                for source in sources {
                    guard let name = source.ended(event) else { continue }
                    ended[Key(system: source.system, name: name)] = event.at
                }
            }
            let runs = ended.sorted {
                ($0.key.system, $0.key.name.subject, $0.key.name.name)
                    < ($1.key.system, $1.key.name.subject, $1.key.name.name)
            }
            if isStored, !runs.isEmpty {
                try connection.execute(
                    Self.insert,
                    [
                        .textArray(runs.map(\.key.system)), .textArray(runs.map(\.key.name.subject)),
                        .textArray(runs.map(\.key.name.name)),
                        .timestampArray(runs.map { $0.value + settling }),
                    ]
                )
            }
            return (events.count, runs.count)
        }
    }

    private struct Key: Hashable {
        let system: String
        let name: TracedName
    }

    /// Gets the next runs that are due and that nobody holds, the one that is due for the longest first.
    func claim(atMost count: Int, on connection: Connection) throws -> [Entry] {
        let rows = try connection.execute(Self.claim, [.int64(Int64(hold / .milliseconds(1))), .int(count)])
        return try rows.map { row in
            let entry = Entry(
                system: try row.text("system"),
                name: TracedName(subject: try row.text("subject"), name: try row.text("name")),
                attempts: try row.int("attempts"),
                position: try row.optionalText("position")
            )
            return (try row.timestamp("due_at"), entry)
        }
        .sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// Notes that a page was sent, and holds the run for longer.
    ///
    /// - Returns: false when the run has ended again meanwhile, or another Weir has taken it over: it is left to that.
    func advance(_ entry: Entry, from old: String?, to position: String, on connection: Connection) throws
        -> Bool
    {
        try connection.execute(
            Self.move,
            key(entry) + [.optional(old), .text(position), .int64(Int64(hold / .milliseconds(1)))]
        ).affectedRows == 1
    }

    /// Removes runs that are sent as a whole, each from the position of its last page, unless they have ended again
    /// meanwhile.
    func finish(_ sent: [(entry: Entry, position: String?)], on connection: Connection) throws {
        try connection.execute(
            Self.delete,
            keys(sent.map(\.entry)) + [.textArray(sent.map(\.position))]
        )
    }

    /// Lets go of runs that could not be sent; they are due again after a pause.
    func postpone(_ entries: [Entry], by pause: Duration, _ why: String, on connection: Connection) throws {
        try connection.execute(
            Self.release,
            keys(entries) + [.int64(Int64(pause / .milliseconds(1))), .text(String(why.prefix(1000)))]
        )
    }

    /// Gives up the runs that waited for too long, and the oldest ones of too many; returns how many.
    ///
    /// While no Weir ran, nobody tried: a run that waited for too long is given up after some attempts only, and not while
    /// one is under way.
    func giveUp(on connection: Connection) throws -> Int {
        let late = try connection.execute(
            Self.expire,
            [.int64(Int64(patience / .milliseconds(1))), .int(Self.fewestAttempts)]
        ).affectedRows
        return try late + connection.execute(Self.trim, [.int(most)]).affectedRows
    }

    /// When the first event arrived that nobody has taken.
    func unreadSince(on connection: Connection) throws -> Timestamp? {
        try OutboxStore.oldestUnread(Self.consumer, on: connection)
    }

    /// Stops to listen, and gives up whatever waits; returns how many runs.
    func forget(on connection: Connection) throws -> Int {
        var lost = 0
        var isEnd = false
        while !isEnd {
            let taken = try takeBatch(isStored: false, on: connection)
            lost += taken.runs
            isEnd = taken.events < Self.batch
        }
        return try connection.transaction {
            try OutboxStore.remove(Self.consumer, on: connection)
            return try lost + connection.execute(Self.clear).affectedRows
        }
    }

    private func key(_ entry: Entry) -> [Parameter] {
        [.text(entry.system), .text(entry.name.subject), .text(entry.name.name)]
    }

    private func keys(_ entries: [Entry]) -> [Parameter] {
        [
            .textArray(entries.map(\.system)), .textArray(entries.map(\.name.subject)),
            .textArray(entries.map(\.name.name)),
        ]
    }
}

extension ExportQueue {
    private static let insert = Statement(
        "queue runs for export",
        """
        INSERT INTO trace_export AS e (system, subject, name, due_at)
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
        ON CONFLICT (system, subject, name) DO UPDATE SET
            due_at     = excluded.due_at,
            created_at = now(),
            held_until = NULL,
            attempts   = 0,
            position   = NULL
        """
    )

    private static let claim = Statement(
        "claim runs for export",
        """
        WITH due AS MATERIALIZED (
            SELECT system, subject, name
            FROM trace_export
            WHERE due_at <= now() AND coalesce(held_until, '-infinity') < now()
            ORDER BY due_at
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        UPDATE trace_export e
        SET held_until = now() + $1 * interval '1 millisecond', attempts = attempts + 1
        FROM due d
        WHERE (e.system, e.subject, e.name) = (d.system, d.subject, d.name)
        RETURNING e.system, e.subject, e.name, e.attempts, e.position, e.due_at
        """
    )

    private static let move = Statement(
        "note an exported page",
        """
        UPDATE trace_export
        SET position = $5, attempts = 1, held_until = now() + $6 * interval '1 millisecond'
        WHERE (system, subject, name) = ($1, $2, $3) AND position IS NOT DISTINCT FROM $4 AND held_until IS NOT NULL
        """
    )

    private static let delete = Statement(
        "remove exported runs",
        """
        DELETE FROM trace_export e
        USING unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS d (system, subject, name, position)
        WHERE (e.system, e.subject, e.name) = (d.system, d.subject, d.name)
          AND e.position IS NOT DISTINCT FROM d.position AND e.held_until IS NOT NULL
        """
    )

    private static let release = Statement(
        "postpone exports",
        """
        UPDATE trace_export e
        SET due_at = now() + $4 * interval '1 millisecond', held_until = NULL, last_error = $5
        FROM unnest($1::text[], $2::text[], $3::text[]) AS d (system, subject, name)
        WHERE (e.system, e.subject, e.name) = (d.system, d.subject, d.name) AND e.held_until IS NOT NULL
        """
    )

    private static let trim = Statement(
        "give up the oldest exports",
        """
        DELETE FROM trace_export
        WHERE (system, subject, name) IN (
            SELECT system, subject, name
            FROM trace_export
            ORDER BY created_at DESC, system, subject, name
            OFFSET $1
        )
        """
    )

    private static let clear = Statement("give up all exports", "DELETE FROM trace_export")

    private static let expire = Statement(
        "give up exports",
        """
        DELETE FROM trace_export
        WHERE created_at < now() - $1 * interval '1 millisecond'
          AND attempts >= $2
          AND coalesce(held_until, '-infinity') < now()
        """
    )
}
