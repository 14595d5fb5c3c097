package import Core
package import Postgres

/// Deletes old rows batch by batch: used by the maintenance job and by the command.
package struct RetentionSweep: Sendable {
    /// The default number of rows that one statement deletes.
    package static let batchSize = 5000

    /// The result of a sweep.
    package struct Outcome: Hashable, Sendable {
        /// Deleted rows, or partitions of raw telemetry.
        package var deleted = 0
        package var batches = 0
        /// Whether nothing was left to delete; false when the time ran out.
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

    /// Deletes until nothing is left or `duration` is over; `progress` gets the number of deleted rows so far.
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
