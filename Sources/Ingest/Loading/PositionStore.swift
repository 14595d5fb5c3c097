package import Core
package import Postgres

/// The position of each stream of each journal, in `journal_position`.
package enum PositionStore {
    /// A stored position.
    package struct Position: Hashable, Sendable {
        /// The last line applied; 0 before the first.
        package var seq: Int64
        /// The epoch of the journal that applied it.
        package var epoch: Int64
        /// When that line arrived; nil when no line of the stream has been applied.
        package var receivedAt: Timestamp?

        /// Makes a position.
        package init(seq: Int64, epoch: Int64, receivedAt: Timestamp? = nil) {
            self.seq = seq
            self.epoch = epoch
            self.receivedAt = receivedAt
        }
    }

    /// The positions of all streams of a journal, locked until the transaction ends.
    static func fetchAll(journal: UUID128, on connection: Connection) throws -> [String: Position] {
        let rows = try connection.execute(
            """
            SELECT stream, seq, epoch, received_at
            FROM journal_position
            WHERE journal_id = $1
            ORDER BY stream
            FOR UPDATE
            """,
            [.uuid(journal)]
        )
        let positions = try rows.map { row in
            (
                try row.text("stream"),
                Position(
                    seq: try row.int64("seq"),
                    epoch: try row.int64("epoch"),
                    receivedAt: try row.optionalTimestamp("received_at")
                )
            )
        }
        return Dictionary(positions, uniquingKeysWith: { first, _ in first })
    }

    /// The last line of a stream whose rows this server shows; 0 without one.
    static func fetchSeq(journal: UUID128, stream: String, on connection: Connection) throws -> Int64 {
        let rows = try connection.execute(
            "SELECT seq FROM journal_position WHERE journal_id = $1 AND stream = $2",
            [.uuid(journal), .text(stream)]
        )
        return try rows.first?.int64("seq") ?? 0
    }

    /// The last line of every stream whose rows this server shows.
    static func fetchSeqs(journal: UUID128, on connection: Connection) throws -> [String: Int64] {
        let rows = try connection.execute(
            "SELECT stream, seq FROM journal_position WHERE journal_id = $1",
            [.uuid(journal)]
        )
        return try rows.reduce(into: [:]) { seqs, row in seqs[try row.text("stream")] = try row.int64("seq") }
    }

    /// Writes a position and replaces the old one.
    package static func upsert(
        _ position: Position,
        journal: UUID128,
        stream: String,
        on connection: Connection
    ) throws {
        try connection.execute(
            """
            INSERT INTO journal_position (journal_id, stream, seq, epoch, received_at)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (journal_id, stream) DO UPDATE SET
                seq = excluded.seq,
                epoch = excluded.epoch,
                received_at = coalesce(excluded.received_at, journal_position.received_at),
                applied_at = now()
            """,
            [
                .uuid(journal), .text(stream), .int64(position.seq), .int64(position.epoch),
                .optional(position.receivedAt),
            ]
        )
    }

    /// Moves a position within the transaction of the rows.
    ///
    /// - Throws: `PositionError.takenOver` when the stored position is not the one that this loader wrote: another
    ///   process applies the same journal.
    static func advance(
        journal: UUID128,
        stream: String,
        from old: Int64,
        to new: Position,
        on connection: Connection
    ) throws {
        let moved = try connection.execute(
            """
            UPDATE journal_position
            SET seq = $4, received_at = coalesce($5, received_at), applied_at = now()
            WHERE journal_id = $1 AND stream = $2 AND seq = $3 AND epoch = $6
            """,
            [
                .uuid(journal), .text(stream), .int64(old), .int64(new.seq), .optional(new.receivedAt),
                .int64(new.epoch),
            ]
        )
        guard moved.affectedRows == 1 else { throw PositionError.takenOver(stream: stream) }
    }
}

/// The stored position is not the one that this loader wrote.
package enum PositionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another process applies the same journal.
    case takenOver(stream: String)

    package var description: String {
        switch self {
        case .takenOver(let stream):
            "the position of stream \(stream) was moved by another process: is a copy of this data directory in use?"
        }
    }
}
