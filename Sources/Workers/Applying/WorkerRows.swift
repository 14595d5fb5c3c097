internal import Core
internal import Journal
internal import Postgres

/// Applies operations of this Weir itself, without the journal, in a transaction of its own.
struct WorkerRows: Sendable {
    let pool: Pool
    let journal: Journal
    private let projection = WorkersProjection()

    init(pool: Pool, journal: Journal) {
        self.pool = pool
        self.journal = journal
    }

    /// Applies operations, all or none.
    func apply(_ operations: [WorkersOperation], at now: Timestamp) async throws {
        let id = journal.id
        try await pool.withConnection { [projection] connection in
            var elements = operations.map { WorkersElement(seq: 0, journal: id, at: now, operation: $0) }
            try projection.prepare(elements, on: connection)
            try connection.transaction { try projection.apply(stage: 0, to: &elements, on: connection) }
            projection.committed(elements)
        }
    }
}
