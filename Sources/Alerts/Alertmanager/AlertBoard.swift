internal import Core
internal import Postgres

/// The alerts of one moment.
struct AlertBoard {
    /// How many are shown at most, those that began last.
    static let most = 10_000
    /// The receiver of an incident whose rule has no channel: Alertmanager knows no alert without one.
    static let nobody = "weir"

    let configuration: AlertConfiguration
    let publicURL: String?
    let now: Timestamp

    init(_ book: IncidentBook) {
        configuration = book.configuration
        publicURL = book.options.publicURL
        now = book.now
    }

    /// The firing incidents by their fingerprints.
    func alerts(on connection: Connection) throws -> [ShownAlert] {
        let receivers = receivers
        let active = configuration.silences.filter { $0.isActive(at: now) }
        return try FiringIncidents.fetch(atMost: Self.most, on: connection)
            .map { alert(of: $0, receivers, active) }
            .map { ($0.fingerprint, $0) }
            .sorted { ($0.0, $0.1.incident.id) < ($1.0, $1.1.incident.id) }
            .map(\.1)
    }

    /// An incident with its receivers and the silences that match it.
    private func alert(of incident: Incident, _ receivers: [UUID128: [String]], _ silences: [Silence])
        -> ShownAlert
    {
        let labels = incident.shownLabels.filter { !$0.value.isEmpty }
        return ShownAlert(
            incident: incident,
            labels: labels,
            receivers: incident.ruleID.flatMap { receivers[$0] } ?? [Self.nobody],
            silencedBy: silences.filter { $0.matches(labels) }.map(\.id),
            link: publicURL.map { "\($0)/api/v2/alert-incidents/\(incident.id)" },
            now: now
        )
    }

    /// The names of the channels of each rule that has some.
    private var receivers: [UUID128: [String]] {
        var receivers: [UUID128: [String]] = [:]
        for rule in configuration.rules {
            let names = channels(of: rule)
            if !names.isEmpty { receivers[rule.id] = names }
        }
        return receivers
    }

    /// The names of all receivers.
    var names: [String] {
        let channels = configuration.channels.values.map(\.name)
        return Set(channels + [Self.nobody]).sorted()
    }

    /// What Weir routes by, in the form of Alertmanager's configuration: readable, and accepted by its tools.
    var document: String {
        var lines = [
            "# Weir routes by its alert rules: this shows them as Alertmanager would have them.",
            "route:", "  receiver: \(quoted(Self.nobody))", "  group_by: [alertname]",
        ]
        let routed = configuration.rules.filter { !channels(of: $0).isEmpty }
        if !routed.isEmpty { lines.append("  routes:") }
        for rule in routed {
            guard
                let matcher = try? Matcher(name: "alertname", value: rule.name, isRegex: false, isEqual: true)
            else { continue }
            for name in channels(of: rule) {
                lines.append("  - receiver: \(quoted(name))")
                lines.append("    matchers: [\(quoted(matcher.text))]")
                lines.append("    continue: true")
            }
        }
        lines.append("receivers:")
        lines += names.map { "- name: \(quoted($0))" }
        return lines.joined(separator: "\n") + "\n"
    }

    private func channels(of rule: AlertRule) -> [String] {
        rule.channels.compactMap { configuration.channels[$0] }.filter(\.isEnabled).map(\.name).sorted()
    }

    /// A text of YAML, which takes those of JSON.
    private func quoted(_ text: String) -> String { String(decoding: JSONText.quoted(text), as: UTF8.self) }
}

/// The SQL of what fires.
enum FiringIncidents {
    static let statement = Statement(
        "firing alert incidents",
        """
        SELECT \(Incident.columns)
        FROM alert_incident
        WHERE status = 'firing'
        ORDER BY started_at DESC, uuid DESC
        LIMIT $1
        """
    )

    /// Those that began last, the last one first.
    static func fetch(atMost count: Int, on connection: Connection) throws -> [Incident] {
        try connection.execute(statement, [.int(count)]).map { try Incident($0) }
    }
}
