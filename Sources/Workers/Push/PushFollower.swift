internal import Core
internal import Ingest
internal import Journal
internal import Logging
internal import Postgres

/// Fills the pushed groups when Weir starts, and repeats in memory what other Weirs change.
struct PushFollower: Sendable {
    let groups: PushGroups
    let journal: Journal
    let pool: Pool
    let logger: Logger
    let interval: Duration

    /// Runs until the task is cancelled.
    func run() async {
        var transaction: String?
        while !Task.isCancelled {
            groups.expire(at: .now())
            do {
                let since = transaction
                transaction = try await pool.withConnection { connection in
                    let next = try PushStore.fetchHorizon(on: connection)
                    // Its own pushes are here before they are rows, but for those before the start.
                    guard try since == nil || OtherJournals.exist(beside: journal.id, on: connection) else {
                        return since
                    }
                    try PushStore.forEachChanged(since: since ?? "0", on: connection) { groups.merge($0) }
                    return next
                }
            } catch {
                logger.debug("pushed groups are not read", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: interval)
        }
    }
}
