internal import Core
internal import Ingest
internal import Logging
internal import Metrics
internal import Postgres

/// Copies what other features tell each other into `provenance_events`, in the transaction that moves its place in the
/// outbox: nothing is left out, and nothing comes twice.
struct EventCopier: Sendable {
    /// Its name in `outbox_consumer`.
    static let consumer = "provenance"
    /// How many events one transaction takes.
    static let batch = 500

    let metrics: ProvenanceMetrics?
    let logger: Logger

    /// Copies events until there are none, or there were so many batches.
    ///
    /// - Returns: whether there may be more.
    func copy(batches: Int, on connection: Connection) throws -> Bool {
        for _ in 0..<batches {
            guard try OutboxStore.hasUnread(Self.consumer, on: connection),
                try copyBatch(on: connection) == Self.batch
            else { return false }
        }
        return true
    }

    private func copyBatch(on connection: Connection) throws -> Int {
        let (taken, copied) = try connection.transaction {
            let taken = try OutboxStore.take(Self.consumer, limit: Self.batch, on: connection)
            return (taken.count, try store(taken.map(CopiedEvent.event), on: connection))
        }
        metrics?.copied.increment(by: copied)
        return taken
    }

    private func store(_ events: [ProvenanceEvent], on connection: Connection) throws -> Int {
        // The same event told twice is one.
        var seen: Set<UUID128> = []
        let events = events.filter { seen.insert($0.id).inserted }
        do {
            return try connection.savepoint("copy_events") {
                try EventsApplyStore.insert(events, on: connection).count
            }
        } catch let error as PostgresError where error.kind == .refusedData {
            // One event that cannot be stored must not hold up all others.
            return try events.reduce(0) { try $0 + storeAlone($1, on: connection) }
        }
    }

    private func storeAlone(_ event: ProvenanceEvent, on connection: Connection) throws -> Int {
        do {
            return try connection.savepoint("copy_event") {
                try EventsApplyStore.insert([event], on: connection).count
            }
        } catch let error as PostgresError where error.kind == .refusedData {
            metrics?.failures.increment()
            logger.error(
                "an event could not become a provenance event",
                metadata: ["kind": "\(event.type)", "error": "\(error)"]
            )
            return 0
        }
    }
}
