package import Configuration

/// The settings of Nextflow's runs and tasks.
package enum NextflowSettings {
    /// After how long without an event a running run is shown as stale.
    package static let staleAfter = Setting<Duration>(
        "WEIR_STALE_AFTER",
        .duration(.seconds(60) ... .seconds(86_400 * 3650)),
        default: "24h",
        "After what silence a running run is shown as stale."
    )

    /// After how long without a call a run of Tower's client is shown as stale: that client sends one each minute.
    package static let towerStaleAfter = Setting<Duration>(
        "WEIR_TOWER_STALE_AFTER",
        .duration(.seconds(60) ... .seconds(86_400 * 3650)),
        default: "190s",
        "After what silence a running run that Nextflow's Tower client tells of is shown as stale."
    )

    /// In bytes; zero leaves the configuration out.
    package static let towerConfigBytes = Setting<Int>(
        "WEIR_TOWER_CONFIG_BYTES",
        .bytes(0...(64 << 20)),
        default: "1MiB",
        "How much of a run's resolved configuration is kept, which Nextflow's Tower client sends; 0 keeps none."
    )

    /// Zero keeps raw rows for ever.
    package static let rawKeep = Setting<Duration>(
        "WEIR_RAW_KEEP",
        .duration(.zero ... .seconds(86_400 * 36_500)),
        default: "0",
        "How long raw rows of telemetry are kept; 0 is for ever."
    )

    /// Other features are not told of older events: whoever imports history wants no alerts.
    package static let alertsWithin = Setting<Duration>(
        "WEIR_NEXTFLOW_ALERTS_WITHIN",
        .duration(.seconds(60) ... .seconds(86_400 * 3650)),
        default: "6h",
        "How old an event of Nextflow may be when it arrives, to cause alerts."
    )

    /// All of them.
    static let rows: [AnySetting] = [
        staleAfter.row, towerStaleAfter.row, towerConfigBytes.row, rawKeep.row, alertsWithin.row,
    ]
}
