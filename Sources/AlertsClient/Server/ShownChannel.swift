package import Core
package import Notifications

/// A channel as the server shows it: secrets are masked. Contract beampipe §4.3.
package struct ShownChannel: Sendable {
    package var id: String
    package var name: String
    package var kind: String
    /// An object.
    package var config: JSONValue
    /// Dotted paths: `headers.Authorization`.
    package var secretFields: [String]
    package var isEnabled: Bool
    package var disabledReason: String?
    package var origin: String
    /// As the server wrote it.
    package let json: [UInt8]

    /// Reads one; what is absent is empty.
    package init(_ node: JSONNode) {
        id = node["uuid"]?.string ?? ""
        name = node["name"]?.string ?? ""
        kind = node["kind"]?.string ?? ""
        config = node["config"].map { JSONValue($0) } ?? .object([])
        secretFields = node["secret_fields"]?.elements.compactMap(\.string) ?? []
        isEnabled = node["enabled"]?.bool ?? true
        disabledReason = node["disabled_reason"]?.string
        origin = node["origin"]?.string ?? "api"
        json = Array(node.rawBytes)
    }
}

/// A rule as the server shows it. Contract beampipe §4.6.
package struct ShownRule: Sendable {
    package var id: String
    package var name: String
    package var description: String?
    package var project: String?
    package var isEnabled: Bool
    package var severity: String
    package var kind: String
    /// An object.
    package var config: JSONValue
    package var scope: [String: String]
    package var channels: [String]
    /// In seconds.
    package var cooldown: Int
    package var dedupeBy: String
    package var sendsResolved: Bool
    package var origin: String
    package var lastFiredAt: Timestamp?
    package var evaluationError: String?
    /// As the server wrote it.
    package let json: [UInt8]

    /// Whether it tells every channel: Weir's own rules that name none.
    package var tellsAll: Bool { origin == "default" && channels.isEmpty }

    /// Reads one; what is absent has the value of a new rule.
    package init(_ node: JSONNode) {
        id = node["uuid"]?.string ?? ""
        name = node["name"]?.string ?? ""
        description = node["description"]?.string
        project = node["project_module"]?.string
        isEnabled = node["enabled"]?.bool ?? true
        severity = node["severity"]?.string ?? "warning"
        kind = node["trigger_kind"]?.string ?? ""
        config = node["trigger_config"].map { JSONValue($0) } ?? .object([])
        scope = Dictionary(pairs: node["scope"])
        channels = node["channel_ids"]?.elements.compactMap(\.string) ?? []
        let minutes = node["cooldown_minutes"]?.int64 ?? 60
        cooldown = Int(clamping: node["cooldown_seconds"]?.int64 ?? minutes * 60)
        dedupeBy = node["dedupe_by"]?.string ?? "subject"
        sendsResolved = node["send_resolved"]?.bool ?? false
        origin = node["origin"]?.string ?? "api"
        lastFiredAt = node["last_fired_at"]?.timestamp
        evaluationError = node["evaluation_error"]?.string
        json = Array(node.rawBytes)
    }

    /// The body of a request for a rule that is the same.
    package var body: JSONValue {
        [
            "name": .text(name), "project_module": project.map { .text($0) } ?? .null,
            "severity": .text(severity),
            "trigger_kind": .text(kind), "trigger_config": config,
            "scope": .object(scope.sorted { $0.key < $1.key }.map { .init($0.key, .text($0.value)) }),
            "channel_ids": .list(channels.map { .text($0) }),
            "cooldown_seconds": .number(Array(String(cooldown).utf8)), "dedupe_by": .text(dedupeBy),
            "send_resolved": .flag(sendsResolved),
        ]
    }
}

extension [String: String] {
    /// The members of an object whose values are texts.
    init(pairs node: JSONNode?) {
        self = [:]
        for member in node?.members.map(\.self) ?? [] {
            if let name = member.key.string, let value = member.value.string { self[name] = value }
        }
    }
}
