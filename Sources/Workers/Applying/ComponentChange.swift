internal import Core
internal import Ingest
internal import Postgres

/// A change of a component's status that other features react to.
enum ComponentChange: String, Sendable {
    case started = "worker.started"
    case stopped = "worker.stopped"
    case heartbeatLost = "worker.heartbeat_lost"
    case back = "worker.back"
    case failed = "worker.failed"

    /// What a component may call its failure: the status is free text. Contract noetl §2.2.
    private static let failures: Set<String> = [
        "error", "failed", "failure", "fatal", "crashed", "unhealthy", "dead", "down",
    ]

    /// Nil for a change that nobody reacts to, such as from ready to busy. A new component has an empty status.
    init?(from old: String, to new: String, isDeregistered: Bool) {
        switch (old, new) {
        case ("", "offline"), ("offline", "offline"): return nil
        case (_, let new) where Self.failures.contains(new):
            guard !Self.failures.contains(old) else { return nil }
            self = .failed
        case ("", _): self = .started
        case (_, "offline"): self = isDeregistered ? .stopped : .heartbeatLost
        case ("offline", _): self = .back
        case (let old, _) where Self.failures.contains(old): self = .back
        default: return nil
        }
    }

    /// Its event; `facts` is a row of `settle_statuses.sql`.
    func event(of key: ComponentKey, at: Timestamp, _ facts: Row) throws -> OutboxEvent {
        var detail = JSONWriter()
        try detail.object { detail in
            detail.member("component", key.name)
            detail.member("component_type", key.type.rawValue)
            detail.member("status", try facts.text("new_status"))
            let old = try facts.text("old_status")
            if !old.isEmpty { detail.member("old_status", old) }
            detail.member("last_heartbeat_at", try facts.timestamp("last_heartbeat"))
            for name in ["project", "hostname", "version", "runtime"] {
                if let value = try facts.optionalText(.name(name)) { detail.member(name, value) }
            }
            if let labels = try facts.optionalUTF8("labels") { detail.member("labels", raw: labels) }
            if self == .failed {
                detail.member("error", "The component reports the status \(try facts.text("new_status")).")
            }
        }
        return OutboxEvent(kind: rawValue, subject: key.name, at: at, detail: detail.bytes)
    }
}
