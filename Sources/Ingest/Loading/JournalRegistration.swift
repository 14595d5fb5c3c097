package import Core
package import Journal
internal import Logging
package import Postgres
internal import Synchronization

/// Makes sure that this journal is the one that PostgreSQL knows under its id, before any of its lines is applied.
///
/// A data directory that was restored from a backup, or copied and started elsewhere, has fewer or other lines than
/// PostgreSQL: its next lines would get numbers that are already applied, and be skipped. Such a journal gets a new
/// id, and its lines are applied from where the two copies diverge. Design §1 "Identity".
package final class JournalRegistration: Sendable {
    private let journal: Journal
    // The id for which this process has stored its epoch. Held while a stream begins: otherwise a second stream that
    // begins at the same time would take this process's epoch for that of a copy.
    private let registered = Mutex<UUID128?>(nil)

    /// Makes the registration of a journal; all its streams share it.
    package init(journal: Journal) {
        self.journal = journal
    }

    /// The id under which a stream is applied, and its position.
    package struct Start: Sendable {
        /// The journal's id from now on.
        package let journal: UUID128
        /// The epoch of this start.
        package let epoch: Int64
        /// The last line applied.
        package let seq: Int64
    }

    /// Registers this start of the journal for a stream, in its own transaction.
    ///
    /// - Throws: `PostgresError`, or `JournalError.system` when a new identity cannot be written.
    package func begin(stream: String, on connection: Connection) throws -> Start {
        try registered.withLock { registered in
            let start = try begin(stream, isOwn: registered == journal.id, on: connection)
            registered = start.journal
            return start
        }
    }

    private func begin(_ stream: String, isOwn: Bool, on connection: Connection) throws -> Start {
        let id = journal.id
        let epoch = journal.epoch
        let outcome: (start: Start, change: IdentityChange?) = try connection.transaction {
            let positions = try PositionStore.fetchAll(journal: id, on: connection)
            let verdict = journal.assess(
                seq: positions.values.map(\.seq).max() ?? 0,
                epoch: positions.values.map(\.epoch).max(),
                isOwnEpochStored: isOwn
            )
            guard verdict == .consistent else {
                return try move(stream, positions, on: connection)
            }
            let position = PositionStore.Position(seq: positions[stream]?.seq ?? 0, epoch: epoch)
            try PositionStore.upsert(position, journal: id, stream: stream, on: connection)
            return (Start(journal: id, epoch: epoch, seq: position.seq), nil)
        }
        if let change = outcome.change {
            try journal.takeNewIdentity(change)
        } else {
            try journal.confirmIdentity()
        }
        return outcome.start
    }

    /// Stores the positions under a new id: each stream continues where the copies of the journal diverge.
    private func move(
        _ stream: String,
        _ positions: [String: PositionStore.Position],
        on connection: Connection
    ) throws -> (Start, IdentityChange?) {
        let change = journal.makeIdentityChange()
        let epoch = journal.epoch
        for known in Set(positions.keys).union([stream]) {
            let seq = min(change.boundary, positions[known]?.seq ?? 0)
            let position = PositionStore.Position(seq: seq, epoch: epoch)
            try PositionStore.upsert(position, journal: change.current, stream: known, on: connection)
        }
        let seq = min(change.boundary, positions[stream]?.seq ?? 0)
        return (Start(journal: change.current, epoch: epoch, seq: seq), change)
    }
}
