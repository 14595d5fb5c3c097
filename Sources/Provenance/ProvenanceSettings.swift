package import Configuration

/// The settings of provenance events.
package enum ProvenanceSettings {
    /// Zero keeps events for ever.
    package static let keep = Setting<Duration>(
        "WEIR_PROVENANCE_KEEP",
        .age,
        default: "90d",
        aliases: ["BEAMPIPE_PROVENANCE_RETENTION_DAYS"],
        "How long provenance events are kept after they happened; 0 is for ever."
    )

    /// How long a POST waits for its outcome.
    package static let applyTimeout = Setting<Duration>(
        "WEIR_PROVENANCE_APPLY_TIMEOUT",
        .duration(.milliseconds(10) ... .seconds(14)),
        default: "3s",
        "How long a POST of events waits for PostgreSQL; after that it is answered 201, since it is kept and applied."
    )

    /// Connections beyond it are answered 503.
    package static let mostListeners = Setting<Int>(
        "WEIR_PROVENANCE_LISTENERS",
        .integer(0...1_000_000),
        default: "5000",
        "How many connections may follow the live stream of events at one time."
    )

    /// How long a listener hears nothing.
    package static let heartbeat = Setting<Duration>(
        "WEIR_PROVENANCE_HEARTBEAT",
        .duration(.milliseconds(50) ... .seconds(3600)),
        default: "15s",
        "After how long without events a listener of the live stream is sent a comment."
    )

    /// In bytes.
    package static let buffer = Setting<Int>(
        "WEIR_PROVENANCE_BUFFER",
        .bytes(0...(1 << 30)),
        default: "8MiB",
        "The newest events that all listeners share in memory; slower ones read from the database."
    )

    /// All of them.
    package static let rows: [AnySetting] = [
        keep.row, applyTimeout.row, mostListeners.row, heartbeat.row, buffer.row,
    ]
}

extension SettingParser where Value == Duration {
    /// A duration, or the original's number of days.
    fileprivate static var age: Self {
        let duration = SettingParser.duration(.zero ... .seconds(86_400 * 36_500))
        return SettingParser(accepts: "\(duration.accepts); a number alone is days") {
            text throws(SettingComplaint) in
            try duration.parse(Int(text) == nil ? text : "\(text)d")
        }
    }
}
