internal import Core
internal import Ingest
internal import Journal
internal import Logging
internal import Postgres

/// Fills the latest values when Weir starts, and keeps adding what other Weirs have stored since.
struct LatestFollower: Sendable {
    let latest: LatestValues
    let journal: Journal
    let pool: Pool
    let logger: Logger
    let interval: Duration

    /// How far a step looks back beyond the last one: the rows of others come late while their loaders lag.
    private static let overlap = Duration.seconds(60)
    private static let window = Duration.seconds(300)

    /// Runs until the task is cancelled.
    func run() async {
        var since = Timestamp.now() - Self.window
        var isFirst = true
        while !Task.isCancelled {
            do {
                let now = Timestamp.now()
                // Its own samples are here before they are rows, but for those before the start.
                let own = isFirst ? nil : journal.id
                let (from, others) = (since, isFirst)
                try await pool.withConnection { connection in
                    guard try others || OtherJournals.exist(beside: journal.id, on: connection) else {
                        return
                    }
                    try RecentValuesStore.forEach(since: from, butOf: own, on: connection) {
                        component,
                        sample,
                        at in
                        latest.record([sample], of: component, arrivedAt: at)
                    }
                }
                since = now - Self.overlap
                isFirst = false
            } catch {
                logger.debug("samples of other Weirs are not read", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: interval)
        }
    }
}

/// Whether other Weirs load into this database.
enum OtherJournals {
    static func exist(beside journal: UUID128, on connection: Connection) throws -> Bool {
        try connection.execute(others, [.uuid(journal)])[0].bool("found")
    }

    private static let others = Statement(
        "other journals",
        "SELECT EXISTS (SELECT FROM journal_position WHERE stream = 'workers' AND journal_id <> $1) AS found"
    )
}

/// The SQL of recent samples.
private enum RecentValuesStore {
    private static let recent = Statement("recent values", file: PackageResources.recent_values_sql)

    static func forEach(
        since: Timestamp,
        butOf journal: UUID128?,
        on connection: Connection,
        _ body: (Component, Sample, _ receivedAt: Timestamp) -> Void
    ) throws {
        try connection.forEachRow(of: recent, [.timestamp(since), .optional(journal)]) { row in
            guard let type = ComponentType(rawValue: try row.text("component_type")),
                let metricType = MetricType(rawValue: try row.text("metric_type"))
            else { return true }
            let key = ComponentKey(type: type, name: try row.text("component"))
            let component = Component(key: key, id: try row.int64("runtime_id"))
            let series = Series(
                key: try row.uuid("series_key"),
                try row.text("metric_name"),
                metricType,
                LabelSet(json: try row.optionalUTF8("labels")),
                help: try row.optionalText("help_text"),
                unit: try row.optionalText("unit")
            )
            let value = try row.bool("is_stale") ? .staleMarker : try row.double("value")
            let sample = Sample(series: series, at: try row.timestamp("at"), value: value)
            body(component, sample, try row.timestamp("received_at"))
            return true
        }
    }
}
