internal import Alerts
package import Notifications

/// Compares files with a server.
///
/// It touches what was made from files (origin `file`), and with `adopts` also what has the same name.
package struct AlertsPlanner {
    /// Which keys of a channel's configuration a patch would change; nil where nobody can tell.
    package typealias Comparison = (_ channel: String, _ config: JSONValue) throws(AlertsFailure) -> [String]?

    private let channels: [ShownChannel]
    private let rules: [ShownRule]
    private let adopts: Bool
    private let prunes: Bool
    private let compare: Comparison
    private let names: [String: String]

    /// Takes what the server has. `adopts` takes over what somebody else made; `prunes` deletes what no file has.
    package init(
        channels: [ShownChannel],
        rules: [ShownRule],
        adopts: Bool = false,
        prunes: Bool = false,
        compare: @escaping Comparison
    ) {
        self.channels = channels
        self.rules = rules
        self.adopts = adopts
        self.prunes = prunes
        self.compare = compare
        names = Dictionary(channels.map { ($0.id, $0.name) }) { first, _ in first }
    }

    /// The plan; a failure names every line that can't be done.
    package func plan(_ file: AlertsFile) throws(AlertsFailure) -> AlertsPlan {
        var problems: [FileProblem] = []
        var steps: [AlertsPlan.Step] = []
        for channel in file.channels {
            do throws(FileProblem) {
                steps.append(try step(channel))
            } catch {
                problems.append(error)
            }
        }
        let known = knownChannels(file)
        for rule in file.rules {
            for name in rule.channels where !known.contains(name) {
                problems.append(rule.marks.problem("channel_ids", unknown(name)))
            }
            do throws(FileProblem) {
                steps.append(try step(rule))
            } catch {
                problems.append(error)
            }
        }
        guard problems.isEmpty else { throw FileProblems(problems.sorted()).failure }
        steps = try steps.map { step throws(AlertsFailure) in try compared(step) }
        return AlertsPlan(
            steps: steps + deletions(file),
            channelIDs: Dictionary(channels.map { ($0.name, $0.id) }) { first, _ in first }
        )
    }

    private func knownChannels(_ file: AlertsFile) -> Set<String> {
        let wanted = Set(file.channels.map(\.name))
        let kept = channels.filter { !prunes || $0.origin != "file" || wanted.contains($0.name) }
        return wanted.union(kept.map(\.name))
    }

    private func unknown(_ name: String) -> String {
        let isPruned = channels.contains { $0.name == name }
        return isPruned
            ? "the channel \(name) is in no file, and --prune deletes it"
            : "no channel is called \(name), neither in a file nor at the server"
    }

    // MARK: - Channels

    private func step(_ wanted: WantedChannel) throws(FileProblem) -> AlertsPlan.Step {
        let kind = wanted.kind.rawValue
        guard let shown = channels.first(where: { $0.name == wanted.name }) else {
            var step = AlertsPlan.Step(
                action: .add,
                resource: .channel,
                name: wanted.name,
                kind: kind,
                id: nil
            )
            step.channel = wanted
            return step
        }
        try check(shown.origin, "channel", wanted.name, wanted.marks)
        guard shown.kind == kind else {
            throw wanted.marks.problem(
                "kind",
                "the channel \(wanted.name) is of kind \(shown.kind) at the server, and a kind can't be changed: "
                    + "delete it first, or choose another name"
            )
        }
        let masked = ChannelConfiguration(kind: wanted.kind, config: wanted.config).masked
        var changes = shown.config.differences(to: masked).map { path in
            let isSecret = Self.isSecret(path, shown, wanted)
            return isSecret
                ? AlertsPlan.Change(path)
                : .init(path, ValueDifference.shown(shown.config[path]), ValueDifference.shown(masked[path]))
        }
        changes += Self.change("enabled", String(shown.isEnabled), String(wanted.isEnabled))
        changes += Self.change("origin", shown.origin, "file")
        var step = AlertsPlan.Step(
            action: changes.isEmpty ? .keep : .change,
            resource: .channel,
            name: wanted.name,
            kind: kind,
            id: shown.id,
            changes: changes
        )
        step.channel = wanted
        step.configPatch = ValueDifference.patch(shown.config, wanted.config)
        return step
    }

    private static func isSecret(_ path: String, _ shown: ShownChannel, _ wanted: WantedChannel) -> Bool {
        let own = ChannelConfiguration(kind: wanted.kind, config: wanted.config).secretFields
        return path.contains(".") || (shown.secretFields + own).contains(path)
    }

    /// Masked secrets look alike: only the server can tell whether they are.
    private func compared(_ step: AlertsPlan.Step) throws(AlertsFailure) -> AlertsPlan.Step {
        guard step.action != .add, let id = step.id, let channel = step.channel, let patch = step.configPatch,
            !ChannelConfiguration(kind: channel.kind, config: channel.config).secretFields.isEmpty
        else { return step }
        let known = Set(step.changes.map(\.name))
        var changes = step.changes
        if let found = try compare(id, patch) {
            changes += found.filter { !known.contains($0) }.map { AlertsPlan.Change("\($0) (a secret)") }
        } else {
            changes.append(.init("secrets, which this server doesn't compare: they are sent again"))
        }
        guard !changes.isEmpty else { return step }
        var changed = AlertsPlan.Step(
            action: .change,
            resource: .channel,
            name: step.name,
            kind: step.kind,
            id: id,
            changes: changes
        )
        changed.channel = channel
        changed.configPatch = patch
        return changed
    }

    // MARK: - Rules

    private func step(_ wanted: WantedRule) throws(FileProblem) -> AlertsPlan.Step {
        let kind = wanted.kind.rawValue
        guard let shown = try rule(wanted) else {
            var step = AlertsPlan.Step(action: .add, resource: .rule, name: wanted.name, kind: kind, id: nil)
            step.rule = wanted
            return step
        }
        let changes = RuleDifference(shown, wanted, names).changes
        var step = AlertsPlan.Step(
            action: changes.isEmpty ? .keep : .change,
            resource: .rule,
            name: wanted.name,
            kind: kind,
            id: shown.id,
            changes: changes
        )
        step.rule = wanted
        return step
    }

    /// The rule of this name: names of rules need not be unique.
    private func rule(_ wanted: WantedRule) throws(FileProblem) -> ShownRule? {
        let named = rules.filter { $0.name == wanted.name && $0.origin != "observability" }
        let own = named.filter { $0.origin == "file" }
        let found = own.isEmpty ? named : own
        guard found.count <= 1 else {
            throw wanted.marks.problem(
                "",
                "\(found.count) rules are called \(wanted.name) at the server: delete all but one"
            )
        }
        guard let one = found.first else { return nil }
        try check(one.origin, "rule", wanted.name, wanted.marks)
        return one
    }

    // MARK: - Pieces

    private func check(_ origin: String, _ what: String, _ name: String, _ marks: FileMarks)
        throws(FileProblem)
    {
        if origin == "file" || (adopts && origin != "observability") { return }
        let message =
            origin == "observability"
            ? "the \(what) \(name) belongs to the alerting document of /observability/config: choose another name"
            : "the \(what) \(name) was not made from a file (its origin is \(origin)): pass --adopt to take it over"
        throw marks.problem("", message)
    }

    static func change(_ name: String, _ old: String, _ new: String) -> [AlertsPlan.Change] {
        old == new ? [] : [.init(name, old, new)]
    }

    /// Rules first: a channel that is gone leaves rules without it.
    private func deletions(_ file: AlertsFile) -> [AlertsPlan.Step] {
        guard prunes else { return [] }
        let wantedRules = Set(file.rules.map(\.name))
        let wantedChannels = Set(file.channels.map(\.name))
        let rules = rules.filter { $0.origin == "file" && !wantedRules.contains($0.name) }.map {
            AlertsPlan.Step(action: .delete, resource: .rule, name: $0.name, kind: $0.kind, id: $0.id)
        }
        let channels = channels.filter { $0.origin == "file" && !wantedChannels.contains($0.name) }.map {
            AlertsPlan.Step(action: .delete, resource: .channel, name: $0.name, kind: $0.kind, id: $0.id)
        }
        return rules + channels
    }
}
