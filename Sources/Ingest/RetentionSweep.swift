package import Core
package import Postgres

/// Rows of one kind that are deleted when they are old enough.
///
/// Every call of `deleteBatch` is a transaction of its own, so that a sweep can end after any of them.
package protocol AgingRows: Sendable {
    /// What the rows are called: `runs`.
    var name: String { get }
    /// The table, for VACUUM and for its size; nil where space comes back by itself.
    var table: String? { get }

    /// What there is, and what of it is older than `limit`.
    func survey(before limit: Timestamp, on connection: Connection) throws -> AgeSurvey

    /// Deletes at most `count` rows that are older than `limit`, the oldest first.
    ///
    /// - Returns: how many went; 0 when there is nothing left to delete.
    func deleteBatch(before limit: Timestamp, atMost count: Int, on connection: Connection) throws -> Int
}

/// What a look at rows that age has found.
package struct AgeSurvey: Hashable, Sendable {
    /// How many there are.
    package var total: Int
    /// The time of the oldest one; nil where there are none.
    package var oldest: Timestamp?
    /// The time of the newest one; nil where there are none.
    package var newest: Timestamp?
    /// How many are old enough to be deleted.
    package var expired: Int

    /// Makes a survey.
    package init(total: Int, oldest: Timestamp?, newest: Timestamp?, expired: Int) {
        self.total = total
        self.oldest = oldest
        self.newest = newest
        self.expired = expired
    }

    /// Reads a row with the columns `total`, `oldest`, `newest` and `expired`.
    package init(_ row: Row) throws {
        total = try row.int("total")
        oldest = try row.optionalTimestamp("oldest")
        newest = try row.optionalTimestamp("newest")
        expired = try row.int("expired")
    }
}

/// Deletes what is too old, batch after batch: the one way for the maintenance job and for the command.
package struct RetentionSweep: Sendable {
    /// How many rows one statement deletes, unless an operator says otherwise.
    package static let batchSize = 5000

    /// What a sweep has done.
    package struct Outcome: Hashable, Sendable {
        /// Rows, or for raw telemetry partitions.
        package var deleted = 0
        package var batches = 0
        /// Whether nothing was left to delete; false when the time was over first.
        package var isComplete = true
    }

    private let rows: any AgingRows
    private let limit: Timestamp
    private let batchSize: Int

    /// A sweep of what is older than `limit`.
    package init(_ rows: any AgingRows, before limit: Timestamp, batchSize: Int = Self.batchSize) {
        self.rows = rows
        self.limit = limit
        self.batchSize = batchSize
    }

    /// Deletes until nothing is left or `duration` is over; `progress` gets what is deleted so far.
    package func run(
        on connection: Connection,
        for duration: Duration? = nil,
        progress: (Int) -> Void = { _ in }
    ) throws -> Outcome {
        let end = duration.map { ContinuousClock.now + $0 }
        var outcome = Outcome()
        while true {
            let count = try rows.deleteBatch(before: limit, atMost: batchSize, on: connection)
            guard count > 0 else { return outcome }
            outcome.deleted += count
            outcome.batches += 1
            progress(outcome.deleted)
            if let end, ContinuousClock.now >= end {
                outcome.isComplete = false
                return outcome
            }
        }
    }
}

/// The daily partitions of a raw table, one a batch; their space comes back at once.
package struct AgingPartitions: AgingRows {
    package let name: String
    package let table: String? = nil
    private let partitions: DayPartitions

    /// Partitions of days; `name` is what an operator calls their rows.
    package init(_ name: String, _ partitions: DayPartitions) {
        self.name = name
        self.partitions = partitions
    }

    package func survey(before limit: Timestamp, on connection: Connection) throws -> AgeSurvey {
        let days = try partitions.days(on: connection)
        return AgeSurvey(
            total: days.count,
            oldest: days.first,
            newest: days.last,
            expired: days.count { $0 < limit.startOfDay }
        )
    }

    package func deleteBatch(
        before limit: Timestamp,
        atMost count: Int,
        on connection: Connection
    ) throws -> Int {
        try partitions.drop(before: limit, atMost: 1, on: connection)
    }
}

/// Dead letters that were retried or dropped; those that wait are never deleted.
package struct DecidedDeadLetters: AgingRows {
    package let name = "decided dead letters"
    package let table: String? = "dead_letter"
    /// How long they are kept, for whoever asks what became of one.
    package static let keep = Duration.seconds(90 * 86_400)

    /// The rows of `dead_letter`.
    package init() {}

    package func survey(before limit: Timestamp, on connection: Connection) throws -> AgeSurvey {
        let rows = try connection.execute(
            """
            SELECT count(*) AS total, min(decided_at) AS oldest, max(decided_at) AS newest,
                   count(*) FILTER (WHERE decided_at < $1) AS expired
            FROM dead_letter
            WHERE state <> 'waiting'
            """,
            [.timestamp(limit)]
        )
        return try AgeSurvey(rows[0])
    }

    package func deleteBatch(
        before limit: Timestamp,
        atMost count: Int,
        on connection: Connection
    ) throws -> Int {
        try connection.execute(
            """
            DELETE FROM dead_letter
            WHERE id IN (
                SELECT id FROM dead_letter
                WHERE state <> 'waiting' AND decided_at < $1
                ORDER BY id
                LIMIT $2
            )
            """,
            [.timestamp(limit), .int(count)]
        ).affectedRows
    }
}

/// Outbox events that every consumer has taken, and those that nobody took for too long.
package struct SpentOutboxEvents: AgingRows {
    package let name = "outbox-events"
    package let table: String? = "outbox_event"
    /// After how long an event is deleted that a consumer has not taken: its sender is then more than late.
    package static let keep = Duration.seconds(30 * 86_400)

    /// The rows of `outbox_event`.
    package init() {}

    package func survey(before limit: Timestamp, on connection: Connection) throws -> AgeSurvey {
        try OutboxStore.survey(before: limit, on: connection)
    }

    package func deleteBatch(
        before limit: Timestamp,
        atMost count: Int,
        on connection: Connection
    ) throws -> Int {
        try OutboxStore.prune(before: limit, atMost: count, on: connection)
    }
}

/// What has to be done for the tables that all features share, by one of all Weirs.
package enum IngestMaintenance {
    /// Deletes decided dead letters and spent outbox events.
    package static var jobs: [MaintenanceJob] {
        [
            MaintenanceJob("ingest.retention", every: .seconds(600)) { connection, now in
                let letters = RetentionSweep(DecidedDeadLetters(), before: now - DecidedDeadLetters.keep)
                _ = try letters.run(on: connection, for: .seconds(15))
                let events = RetentionSweep(SpentOutboxEvents(), before: now - SpentOutboxEvents.keep)
                _ = try events.run(on: connection, for: .seconds(15))
            }
        ]
    }
}
