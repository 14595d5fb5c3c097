internal import Metrics

/// What Weir's own `/metrics` says about exported series and pushed groups.
struct ExportMetrics: Sendable {
    let latest: LatestValues
    let groups: PushGroups

    func collect(into snapshot: inout MetricsSnapshot) {
        snapshot.gauge(
            "weir_series",
            help: "Series of components that are remembered for the export.",
            Double(latest.seriesCount)
        )
        snapshot.counter(
            "weir_samples_dropped_total",
            help: "Samples that were dropped because their component has too many series.",
            Double(latest.droppedSamples)
        )
        snapshot.gauge("weir_push_groups", help: "Groups of pushed metrics.", Double(groups.count))
        let refused = groups.refused
        for refusal in PushGroups.Refusal.allCases {
            snapshot.counter(
                "weir_pushes_refused_total",
                help: "Pushes that were refused, by reason.",
                labels: [("reason", refusal.rawValue)],
                Double(refused[refusal] ?? 0)
            )
        }
    }
}
