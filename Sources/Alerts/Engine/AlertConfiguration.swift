internal import Core
internal import Postgres

/// The rules, channels and silences of one moment.
struct AlertConfiguration: Sendable {
    let revision: Int64
    /// The rules that are in force, by name.
    let rules: [AlertRule]
    let channels: [UUID128: StoredChannel]
    let silences: [Silence]

    static func fetch(_ revision: Int64, on connection: Connection) throws -> AlertConfiguration {
        let channels = try ChannelStore.fetchAll(on: connection)
        return AlertConfiguration(
            revision: revision,
            rules: DefaultRules.inForce(try RuleStore.fetchAll(on: connection), channels),
            channels: Dictionary(channels.map { ($0.id, $0) }, uniquingKeysWith: { $1 }),
            silences: try SilenceStore.fetch(endedWithin: .zero, on: connection)
        )
    }

    /// The silence that holds back something with these labels.
    func silence(of labels: [String: String], at now: Timestamp) -> Silence? {
        silences.first { $0.matches(labels) && $0.isActive(at: now) }
    }
}
