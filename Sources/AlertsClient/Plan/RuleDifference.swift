internal import Alerts
internal import Configuration
internal import Notifications

/// What of a rule has to change, in the words of a file.
struct RuleDifference {
    let changes: [AlertsPlan.Change]

    /// `names` are those of the server's channels by id.
    init(_ shown: ShownRule, _ wanted: WantedRule, _ names: [String: String]) {
        var changes = AlertsPlanner.change("when", shown.kind, wanted.kind.rawValue)
        changes += shown.config.differences(to: wanted.config).map { path in
            // A whole configuration of another kind.
            let (old, new) = (shown.config[path], wanted.config[path])
            let name = "with.\(UnitNames.short(path, wanted.kind))"
            return .init(name, ValueDifference.shown(old), ValueDifference.shown(new))
        }
        changes += AlertsPlanner.change("severity", shown.severity, wanted.severity)
        changes += AlertsPlanner.change("project", shown.project ?? "every", wanted.project ?? "every")
        changes += AlertsPlanner.change("scope", Self.text(shown.scope), Self.text(wanted.scope))
        let told = shown.tellsAll ? ["all"] : shown.channels.map { names[$0] ?? "(deleted)" }
        changes += Self.channels(told, wanted.channels)
        changes += AlertsPlanner.change("cooldown", Self.text(shown.cooldown), Self.text(wanted.cooldown))
        changes += AlertsPlanner.change(
            "send_resolved",
            String(shown.sendsResolved),
            String(wanted.sendsResolved)
        )
        changes += AlertsPlanner.change(
            "description",
            shown.description ?? "none",
            wanted.description ?? "none"
        )
        changes += AlertsPlanner.change("dedupe_by", shown.dedupeBy, wanted.dedupeBy)
        changes += AlertsPlanner.change("enabled", String(shown.isEnabled), String(wanted.isEnabled))
        changes += AlertsPlanner.change("origin", shown.origin, "file")
        self.changes = changes
    }

    /// Their order says nothing.
    private static func channels(_ old: [String], _ new: [String]) -> [AlertsPlan.Change] {
        let (old, new) = (Set(old).sorted(), Set(new).sorted())
        return AlertsPlanner.change(
            "channels",
            old.isEmpty ? "none" : old.joined(separator: ", "),
            new.isEmpty ? "none" : new.joined(separator: ", ")
        )
    }

    private static func text(_ scope: [String: String]) -> String {
        guard !scope.isEmpty else { return "none" }
        return scope.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
    }

    private static func text(_ seconds: Int) -> String { DurationText(.seconds(seconds)).description }
}
