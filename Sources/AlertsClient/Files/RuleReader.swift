internal import API
internal import Alerts
internal import Notifications

/// Reads a rule of a file.
struct RuleReader {
    /// What shares a cooldown. Contract beampipe D28.
    private enum DedupeBy: String, CaseIterable {
        case rule, project, subject
    }

    private enum Severity: String, CaseIterable {
        case info, warning, error, critical
        /// That of the event.
        case event
    }

    private static let longestCooldown = 604_800

    /// The keys of a file by the members of the API.
    private static let names = [
        ("when", "trigger_kind"), ("project", "project_module"), ("severity", "severity"), ("scope", "scope"),
        ("channels", "channel_ids"), ("cooldown", "cooldown_seconds"), ("send_resolved", "send_resolved"),
        ("description", "description"), ("dedupe_by", "dedupe_by"), ("enabled", "enabled"),
    ]

    let name: String
    let line: Int

    /// Nil when a problem was reported.
    func read(_ map: inout MapReader) -> WantedRule? {
        let kind = map.word("when", TriggerKind.self)
        if kind == nil, map.line("when") == nil {
            map.report(line, "when is missing: it is one of \(Self.kinds)")
        }
        let severity = map.word("severity", Severity.self)?.rawValue ?? "warning"
        let cooldown = map.seconds("cooldown") ?? 3600
        if cooldown > Self.longestCooldown {
            map.report(map.line("cooldown") ?? line, "cooldown is longer than 7d")
        }
        let with = map.take("with")
        var marks = FileMarks(file: map.file, line: line)
        let config = kind.map { self.config(with, $0, &marks, &map) } ?? .object([])
        let rule = WantedRule(
            name: name,
            description: map.text("description"),
            project: map.text("project"),
            isEnabled: map.flag("enabled") ?? true,
            severity: severity,
            kind: kind ?? .event,
            config: config,
            scope: scope(&map),
            channels: map.texts("channels") ?? [],
            cooldown: cooldown,
            dedupeBy: map.word("dedupe_by", DedupeBy.self)?.rawValue ?? "subject",
            sendsResolved: map.flag("send_resolved") ?? false,
            marks: marks
        )
        return map.hasProblem ? nil : marked(rule, map)
    }

    private static let kinds = TriggerKind.allCases.map(\.rawValue).joined(separator: ", ")

    private func marked(_ rule: WantedRule, _ map: MapReader) -> WantedRule {
        var rule = rule
        for (key, member) in Self.names { rule.marks.lines[member] = map.line(key) }
        return rule
    }

    private func scope(_ map: inout MapReader) -> [String: String] {
        var scope: [String: String] = [:]
        for entry in map.map("scope") ?? [] {
            if let text = entry.value.text {
                scope[entry.key] = text
            } else {
                map.report(entry.line, "scope.\(entry.key) is not a text")
            }
        }
        return scope
    }

    // MARK: - Configuration

    private func config(
        _ with: YAMLNode.Entry?,
        _ kind: TriggerKind,
        _ marks: inout FileMarks,
        _ map: inout MapReader
    ) -> JSONValue {
        var config = JSONValue.object([])
        if let with {
            marks.lines["trigger_config"] = with.line
            guard let entries = with.value.entries else {
                map.report(with.line, "with is not a map")
                return config
            }
            for entry in entries { read(entry, kind, &config, &marks, &map) }
        }
        guard !map.hasProblem else { return config }
        for problem in kind.problems(with: config.json) {
            let place = marks.problem(problem.path, "")
            let hint = problem.hint.map { "; \($0)" } ?? ""
            let path = problem.path.split(separator: ".").dropFirst().joined(separator: ".")
            map.report(place.line, "with.\(UnitNames.short(path, kind)) \(problem.message)\(hint)")
        }
        return config
    }

    /// Nothing needs no unit.
    private static func isZero(_ value: JSONValue) -> Bool {
        guard case .number(let digits) = value else { return false }
        return Double(String(decoding: digits, as: UTF8.self)) == 0
    }

    private func read(
        _ entry: YAMLNode.Entry,
        _ kind: TriggerKind,
        _ config: inout JSONValue,
        _ marks: inout FileMarks,
        _ map: inout MapReader
    ) {
        guard let member = UnitNames.full(entry.key, kind) else {
            let names = kind.configNames.map { UnitNames.short($0, kind) }
            let hint =
                names.isEmpty
                ? "\(kind.rawValue) takes nothing" : "there are \(names.joined(separator: ", "))"
            return map.report(entry.line, "with.\(entry.key) is not known for \(kind.rawValue): \(hint)")
        }
        guard config[member] == nil else {
            return map.report(entry.line, "with.\(entry.key) is \(member), which the rule names already")
        }
        marks.note(entry, at: "trigger_config.\(member)")
        var value = entry.value.json()
        if let text = value.string, UnitNames.hasUnit(member) {
            guard let number = UnitNames.number(text, for: member) else {
                return map.report(entry.line, "with.\(entry.key) is not a duration such as 30m, 2h or 1d")
            }
            value = .number(Array(number.utf8))
        } else if entry.key != member, value != .null, !Self.isZero(value) {
            return map.report(entry.line, "with.\(entry.key) needs a unit: write 30m, 2h or 1d")
        }
        // Nothing is what is absent.
        if value != .null { config[member] = value }
    }
}
