internal import API
internal import Core
internal import Schedules

/// The configuration of a rule, as it was sent, with its kind's defaults for what is absent.
struct TriggerConfig: Sendable {
    let kind: TriggerKind
    /// An object.
    let node: JSONNode

    /// Reads a stored configuration; what cannot be read is the default.
    init(kind: TriggerKind, json: [UInt8]) {
        self.kind = kind
        node = (try? JSONDocument(json).root) ?? Self.empty
    }

    private static let empty: JSONNode = {
        guard let document = try? JSONDocument(Array("{}".utf8)) else {
            preconditionFailure("BUG: an empty object is not JSON")
        }
        return document.root
    }()

    /// The JSON text, an object.
    var json: [UInt8] { node.kind == .object ? Array(node.rawBytes) : Array("{}".utf8) }

    /// What is wrong with a configuration that is to be stored.
    static func issues(_ kind: TriggerKind, _ node: JSONNode) -> [OperatorFailure.Diagnostic] {
        guard node.kind == .object || node.isNull else {
            return [.init("trigger_config", "wrong_type", "is not an object")]
        }
        var issues = kind.fields.compactMap { $0.issue(with: node[$0.name]) }
        if kind.isStrict {
            let known = Set(kind.fields.map(\.name))
            for member in node.members {
                guard let name = member.key.string, !known.contains(name) else { continue }
                let hint =
                    known.isEmpty
                    ? "\(kind.rawValue) takes none"
                    : "\(kind.rawValue) takes \(kind.fields.map(\.name).joined(separator: ", "))"
                issues.append(.init("trigger_config.\(name)", "unknown_member", "is not known", hint: hint))
            }
        }
        if kind == .absence { issues += scheduleIssues(node) }
        return issues
    }

    private static func scheduleIssues(_ node: JSONNode) -> [OperatorFailure.Diagnostic] {
        guard let cron = node["cron"]?.string else { return [] }
        do throws(ScheduleFault) {
            _ = try Schedule(cron: cron, timeZone: node["time_zone"]?.string ?? "UTC")
            return []
        } catch {
            return [.init("trigger_config.cron", "invalid_schedule", "\(error)")]
        }
    }

    func number(_ name: String) -> Double {
        let field = field(name)
        guard case .number(let range, let fallback) = field.values else { wrongType(name) }
        return node(name)?.double.flatMap { range.contains($0) ? $0 : nil } ?? fallback ?? range.lowerBound
    }

    func word(_ name: String) -> String {
        let field = field(name)
        guard case .word(let words, let fallback) = field.values else { wrongType(name) }
        return node(name)?.string.flatMap { words.contains($0) ? $0 : nil } ?? fallback ?? words[0]
    }

    func words(_ name: String) -> [String] {
        node(name).map { $0.elements.compactMap(\.string) } ?? []
    }

    func text(_ name: String) -> String? { node(name)?.string }

    /// The members of an object, each value as text.
    func scalars(_ name: String) -> [(name: String, value: String)] {
        guard let node = node(name) else { return [] }
        return node.members.compactMap { member in
            guard let name = member.key.string else { return nil }
            return (name, member.value.string ?? String(decoding: member.value.rawBytes, as: UTF8.self))
        }
    }

    private func node(_ name: String) -> JSONNode? {
        node[name].flatMap { $0.isNull ? nil : $0 }
    }

    private func field(_ name: String) -> ConfigField {
        guard let field = kind.fields.first(where: { $0.name == name }) else {
            preconditionFailure("BUG: \(kind.rawValue) has no member \(name)")
        }
        return field
    }

    private func wrongType(_ name: String) -> Never {
        preconditionFailure("BUG: \(name) of \(kind.rawValue) is read as something else")
    }
}
