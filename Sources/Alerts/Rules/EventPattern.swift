internal import Core
internal import Ingest

/// Which outbox events a rule counts, and how many it takes. Contract beampipe §11.3b, `event_match`.
struct EventPattern {
    /// A kind, or the beginning of one that ends with a dot.
    let type: String
    let count: Int
    let window: Duration
    private let payload: [(path: [Substring], value: String)]

    init(_ trigger: TriggerConfig) {
        type = trigger.text("event_type") ?? ""
        count = Int(trigger.number("min_count"))
        window = .seconds(trigger.number("window_minutes") * 60)
        payload = trigger.scalars("payload").map { ($0.name.split(separator: "."), $0.value) }
    }

    /// Whether a rule's `event_type` names a kind; without one it names all.
    static func names(_ trigger: TriggerConfig, _ kind: String) -> Bool {
        trigger.text("event_type").map { isMeant($0, kind) } ?? true
    }

    private static func isMeant(_ type: String, _ kind: String) -> Bool {
        type.hasSuffix(".") ? kind.hasPrefix(type) : kind == type
    }

    func matches(_ event: OutboxEvent) -> Bool {
        guard Self.isMeant(type, event.kind) else { return false }
        guard !payload.isEmpty else { return true }
        guard let root = try? JSONDocument(event.detail).root else { return false }
        return payload.allSatisfy { path, value in
            var node: JSONNode? = root
            for step in path { node = node?[String(step)] }
            guard let node else { return false }
            return (node.string ?? String(decoding: node.rawBytes, as: UTF8.self)) == value
        }
    }
}
