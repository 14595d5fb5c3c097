import Ingest
import Postgres

/// The work that needs the schema.
struct RowWork: Sendable {
    let features: ServerFeatures
    let access: ServerAccess
    let gauges: GaugeRefresher
    let jobs: MaintenanceRunner
    let rebuild: ClusterRebuild
}

extension WeirServer {
    /// Starts at once when rows can be written, or as soon as they can.
    func begin(_ rows: RowWork, _ database: ServerDatabase, _ work: BackgroundWork) async throws {
        let keeper = database.keeper
        if try await bringUp(keeper) {
            if keeper.isRebuilding { try await rows.rebuild.restoreTokens(database.pool) }
            start(rows, database, work)
            await rows.features.waitForLoaders()
        } else {
            work.add { [self] in
                await keeper.waitUntilUsable()
                if keeper.isRebuilding { try? await rows.rebuild.restoreTokens(database.pool) }
                if !Task.isCancelled { start(rows, database, work) }
            }
        }
    }

    /// Starts loaders, token reloads, gauges and maintenance jobs.
    private func start(_ rows: RowWork, _ database: ServerDatabase, _ work: BackgroundWork) {
        for loader in rows.features.loaders { work.add(loader) }
        for task in rows.features.tasks { work.add(task) }
        work.add { await rows.access.tokens.run(database.pool) }
        work.add { await rows.gauges.run(database.pool) }
        work.add { await rows.jobs.run() }
        if let replica = database.replica { work.add { await replica.reads.watch() } }
    }
}
