package import Core
internal import Ingest
package import Postgres

/// What can be measured of components and of the metrics that they report, for whoever compares it with a limit.
///
/// Ask outside of a transaction: each function makes its own. From any thread that owns the connection.
package struct WorkerMeasurements {
    /// The most series that one question may mean.
    package static let mostSeries = 2000
    /// The most components that are listed.
    package static let mostComponents = 10_000

    /// A question means more than is read for one answer. It should name a component, or more labels.
    package struct TooMuch: Error {}

    private let connection: Connection
    private let now: Timestamp
    private let keep: Duration

    /// Measures at the moment `now`; `keep` is how long samples are kept that have no lifetime of their own
    /// (`WEIR_SAMPLES_KEEP`).
    package init(connection: Connection, now: Timestamp, keep: Duration) {
        self.connection = connection
        self.now = now
        self.keep = keep
    }

    /// The values of a metric, one for each series or group that has samples in the window, by component and labels.
    ///
    /// Whole hours come from rollups, the rest from samples. What is read is bounded by `mostSeries` and by the steps of
    /// the window: 10 s up to ten minutes, 1 min up to six hours, 5 min up to two days, 1 h beyond.
    ///
    /// - Throws: `TooMuch`, and `PostgresError`.
    package func values(_ question: MetricQuestion) throws -> [MeasuredMetric] {
        let groups: [StepStore.Group]
        var counts: [StepStore.Group] = []
        do {
            groups = try fetch(question, question.aggregate.parts[0])
            if question.aggregate == .avg { counts = try fetch(question, .count) }
        } catch is StepStore.Excess {
            throw TooMuch()
        }
        var byIdentity: [MetricGroup: Double] = [:]
        for group in counts { byIdentity[MetricGroup(group)] = group.points.reduce(0) { $0 + $1.value } }
        let series = groups.compactMap { group -> MeasuredMetric? in
            let count = byIdentity[MetricGroup(group)]
            guard let last = group.points.last, let value = question.value(group.points.map(\.value), count)
            else { return nil }
            return MeasuredMetric(MetricGroup(group), value, at: last.at)
        }
        return question.grouping.combined(series, question.combination)
    }

    /// All components, by type and name; those that are offline, too.
    package func components() throws -> [MeasuredComponent] {
        try connection.execute(Self.components, [.int(Self.mostComponents)]).map { row in
            MeasuredComponent(
                name: try row.text("name"),
                type: try row.text("component_type"),
                status: try row.text("status"),
                lastHeartbeatAt: try row.timestamp("last_heartbeat"),
                sendsHeartbeats: try row.bool("sends_heartbeats"),
                project: try row.optionalText("project"),
                hostname: try row.optionalText("hostname"),
                version: try row.optionalText("version"),
                capacity: try row.optionalInt64("capacity"),
                isDeregistered: try row.bool("is_deregistered")
            )
        }
    }

    private static let components = Statement(
        "measured components",
        """
        SELECT
            name, component_type, status, last_heartbeat, capacity,
            coalesce(runtime ->> 'type', '') NOT IN ('pushgateway', 'remote_write', 'otlp') AS sends_heartbeats,
            coalesce(labels ->> 'project', runtime ->> 'project') AS project,
            runtime ->> 'hostname' AS hostname, runtime ->> 'version' AS version,
            coalesce(
                deregistered_at >= coalesce(registered_at, '-infinity')
                    AND last_heartbeat < deregistered_at + interval '5 seconds',
                false
            ) AS is_deregistered
        FROM component
        ORDER BY component_type, name
        LIMIT $1::bigint
        """
    )

    /// The points of the series that a question means, each a step.
    private func fetch(_ question: MetricQuestion, _ aggregation: StepQuery.Aggregation) throws
        -> [StepStore.Group]
    {
        var filter = SeriesFilter()
        filter.componentName = question.component
        filter.metricName = question.metric
        filter.labels = LabelSet(question.labels.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        guard try filter.describe(atMost: Self.mostSeries + 1, on: connection).count <= Self.mostSeries else {
            throw TooMuch()
        }
        let query = StepQuery(
            filter: filter,
            from: now - question.window,
            to: now,
            step: question.step,
            stepText: "",
            aggregation: aggregation,
            by: nil
        )
        let found = try StepStore(connection: connection, now: now, keep: keep).fetch(query)
        // A label matches whole: the filter of the query also finds values within lists.
        return found.filter { group in
            question.componentType.map { $0 == group.componentType } ?? true
                && question.labels.allSatisfy { group.labels[$0.key] == $0.value }
        }
    }
}
