package import Core
package import Journal
package import Postgres

/// An element whose data PostgreSQL refused.
package struct DeadLetter: Sendable {
    /// The number that names it in `weir dead-letters`; 0 before it is stored.
    package var id: Int64 = 0
    /// The journal that holds its line.
    package var journalID: UUID128
    /// The line's sequence number.
    package var seq: Int64
    /// Its place in the line's batch; 0 where a line is one element.
    package var element: Int
    /// The stream whose projection refused it.
    package var stream: String
    /// The stage of the projection that refused it; the rows of earlier stages are stored.
    package var stage: Int
    /// The kind of the line, including its version.
    package var kind: String
    /// When the line arrived.
    package var receivedAt: Timestamp
    /// Why it was refused.
    package var refusal: Refusal
    /// The members of the line beside its body, each with its comma; a PATCH names its run there.
    package var members: LineMembers
    /// The line's body as it was journaled.
    package var body: [UInt8]
}

/// The dead letters, in `dead_letter`.
package enum DeadLetterStore {
    /// What an operator does with a dead letter.
    package enum Decision: String, Sendable {
        /// Its rows are stored now.
        case retried
        /// It is discarded.
        case dropped
    }

    /// Stores dead letters in the transaction of the rows; one that is already stored stays unchanged.
    ///
    /// A dead letter that PostgreSQL refuses, too, is stored in plainer forms, so that it does not stop the stream.
    /// - Returns: those that PostgreSQL refuses in every form; only the journal holds them.
    package static func insert(_ letters: [DeadLetter], on connection: Connection) throws -> [DeadLetter] {
        try letters.filter { letter in
            for form in DeadLetterForm.allCases where form.isReadBack(letter.body) {
                do {
                    try connection.savepoint("letter") { try insert(letter, form, on: connection) }
                    return false
                } catch let error as PostgresError where error.kind == .refusedData {
                    continue
                }
            }
            return true
        }
    }

    private static func insert(_ letter: DeadLetter, _ form: DeadLetterForm, on connection: Connection) throws
    {
        try connection.execute(
            """
            INSERT INTO dead_letter
                (journal_id, stream, seq, element, stage, kind, received_at, sql_state, reason, members,
                 body)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            ON CONFLICT (journal_id, stream, seq, element) DO NOTHING
            """,
            [
                .uuid(letter.journalID), .text(letter.stream), .int64(letter.seq), .int(letter.element),
                .int(letter.stage), .text(letter.kind), .timestamp(letter.receivedAt),
                .text(letter.refusal.sqlState), .text(form.reason(letter.refusal.reason)),
                .utf8(form.body(letter.members.bytes)), .utf8(form.body(letter.body)),
            ]
        )
    }

    private static let columns =
        "id, journal_id, stream, seq, element, stage, kind, received_at, sql_state, reason, members, body"

    /// Dead letters that are waiting, oldest first.
    package static func fetchWaiting(
        stream: String? = nil,
        after id: Int64 = 0,
        limit: Int = 100,
        on connection: Connection
    ) throws -> [DeadLetter] {
        let rows = try connection.execute(
            Statement(
                sql: """
                    SELECT \(columns)
                    FROM dead_letter
                    WHERE state = 'waiting' AND id > $1 AND ($2::text IS NULL OR stream = $2)
                    ORDER BY id
                    LIMIT $3
                    """
            ),
            [.int64(id), .optional(stream), .int(limit)]
        )
        return try rows.map(letter)
    }

    /// One waiting dead letter, locked until the transaction ends.
    package static func fetchOne(id: Int64, on connection: Connection) throws -> DeadLetter? {
        let rows = try connection.execute(
            Statement(
                sql: """
                    SELECT \(columns)
                    FROM dead_letter
                    WHERE id = $1 AND state = 'waiting'
                    FOR UPDATE
                    """
            ),
            [.int64(id)]
        )
        return try rows.first.map(letter)
    }

    /// The numbers of waiting dead letters, oldest first.
    package static func fetchWaitingIDs(on connection: Connection) throws -> [Int64] {
        try connection.execute("SELECT id FROM dead_letter WHERE state = 'waiting' ORDER BY id", []).map {
            try $0.int64("id")
        }
    }

    /// How many dead letters of each stream are waiting.
    package static func waiting(on connection: Connection) throws -> [(stream: String, count: Int)] {
        try connection.execute(
            Statement(
                "waiting dead letters",
                "SELECT stream, count(*) AS count FROM dead_letter WHERE state = 'waiting' GROUP BY stream ORDER BY stream"
            ),
            []
        ).map { (try $0.text("stream"), try $0.int("count")) }
    }

    /// How many dead letters are waiting.
    package static func count(on connection: Connection) throws -> Int {
        try connection.execute("SELECT count(*) AS n FROM dead_letter WHERE state = 'waiting'", []).first?
            .int("n") ?? 0
    }

    /// Marks a dead letter as retried or dropped; false when it is no longer waiting.
    package static func decide(id: Int64, _ state: Decision, on connection: Connection) throws -> Bool {
        try connection.execute(
            "UPDATE dead_letter SET state = $2, decided_at = now() WHERE id = $1 AND state = 'waiting'",
            [.int64(id), .text(state.rawValue)]
        ).affectedRows == 1
    }

    /// Keeps a dead letter waiting and stores its new reason.
    static func update(id: Int64, _ refusal: Refusal, on connection: Connection) throws {
        try connection.execute(
            "UPDATE dead_letter SET sql_state = $2, reason = $3 WHERE id = $1 AND state = 'waiting'",
            [.int64(id), .text(refusal.sqlState), .text(DeadLetterForm.asItIs.reason(refusal.reason))]
        )
    }

    private static func letter(_ row: Row) throws -> DeadLetter {
        DeadLetter(
            id: try row.int64("id"),
            journalID: try row.uuid("journal_id"),
            seq: try row.int64("seq"),
            element: try row.int("element"),
            stream: try row.text("stream"),
            stage: try row.int("stage"),
            kind: try row.text("kind"),
            receivedAt: try row.timestamp("received_at"),
            refusal: Refusal(sqlState: try row.text("sql_state"), reason: try row.text("reason")),
            members: LineMembers(bytes: DeadLetterForm.original(try row.utf8("members"))),
            body: DeadLetterForm.original(try row.utf8("body"))
        )
    }
}
