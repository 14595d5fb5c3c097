internal import Configuration
internal import Ingest
internal import Postgres

extension FeatureSetup {
    /// Adds checks: the URLs that jobs ping, the endpoints that manage checks, and the job that finds missed ones.
    mutating func addChecks(_ reader: StoreReader, _ progress: StreamProgress) {
        let checks = CheckRegistry(pool: pool, unknown: UnknownPings(settings[RunsSettings.unknownPings]))
        endpoints += PingRoutes(journal: journal, checks: checks).all + CheckRoutes(reader: reader).all
        jobs.append(MissedChecks(journal: journal, progress: progress).job)
        let watch = TableWatch("checks", channel: CheckStore.channel, target: pool.target, logger: logger) {
            try checks.reload(on: $0)
        }
        tasks.append { await watch.run() }
    }
}

extension AgingRows where Self == AgingTable {
    /// Pings with their bodies. How a check stands is kept apart, and stays.
    static var pings: AgingTable { AgingTable("pings", table: "ping", at: "at") }
}
