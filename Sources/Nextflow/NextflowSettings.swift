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
    static let rows: [AnySetting] = [staleAfter.row, rawKeep.row, alertsWithin.row]
}
