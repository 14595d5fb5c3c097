internal import Core
internal import Ingest

/// A change of a component's status that other features react to.
enum ComponentChange: String, Sendable {
    case started = "worker.started"
    case stopped = "worker.stopped"
    case heartbeatLost = "worker.heartbeat_lost"
    case back = "worker.back"

    /// Nil for a change that nobody reacts to, such as from ready to busy. A new component has an empty status.
    init?(from old: String, to new: String, isDeregistered: Bool) {
        switch (old, new) {
        case ("", "offline"), ("offline", "offline"): return nil
        case ("", _): self = .started
        case (_, "offline"): self = isDeregistered ? .stopped : .heartbeatLost
        case ("offline", _): self = .back
        default: return nil
        }
    }

    func event(of key: ComponentKey, at: Timestamp) -> OutboxEvent {
        var detail = JSONWriter()
        detail.object { detail in
            detail.member("component", key.name)
            detail.member("component_type", key.type.rawValue)
        }
        return OutboxEvent(kind: rawValue, subject: key.name, at: at, detail: detail.bytes)
    }
}
