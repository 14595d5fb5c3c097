internal import Core
internal import Notifications

/// A firing incident as an alert of Alertmanager.
struct ShownAlert: Sendable {
    /// For how long an alert is said to last on, as Alertmanager's `resolve_timeout` has it.
    private static let hold = Duration.seconds(300)
    /// What stands for the person who looks after an incident: such an alert is silent, without a silence.
    static let acknowledged = "acknowledged"

    let incident: Incident
    /// Those that silences see, without empty ones.
    let labels: [String: String]
    let receivers: [String]
    let silencedBy: [UUID128]
    let link: String?
    let now: Timestamp

    /// Whether somebody looks after it, so that nobody is told of it.
    var isAcknowledged: Bool { incident.acknowledgedAt != nil }

    var state: String { silencedBy.isEmpty && !isAcknowledged ? "active" : "suppressed" }

    /// The same for the same rule and subject, whenever it fires, and when it is over: FNV-1a of both.
    var fingerprint: String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        let rule = incident.ruleID.map { "\($0)" } ?? incident.ruleName
        for byte in Array(rule.utf8) + [0xFF] + Array(incident.key.utf8) {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        let text = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }

    func write(to list: inout JSONWriter) {
        list.object { alert in
            alert.object("annotations") { members in
                for (name, value) in annotations { members.member(name, value) }
            }
            alert.member("endsAt", (now + Self.hold).inMilliseconds)
            alert.member("fingerprint", fingerprint)
            alert.array("receivers") { list in
                for name in receivers { list.object { $0.member("name", name) } }
            }
            alert.member("startsAt", incident.startedAt.inMilliseconds)
            alert.object("status", writeStatus)
            alert.member("updatedAt", incident.lastFiredAt.inMilliseconds)
            if let link { alert.member("generatorURL", link) }
            alert.object("labels") { members in
                for (name, value) in labels.sorted(by: { $0.key < $1.key }) { members.member(name, value) }
            }
        }
    }

    private func writeStatus(_ status: inout JSONWriter) {
        status.array("inhibitedBy") { _ in }
        status.array("mutedBy") { list in
            if isAcknowledged { list.value(Self.acknowledged) }
        }
        status.array("silencedBy") { list in
            for silence in silencedBy { list.value(silence) }
        }
        status.member("state", state)
    }

    /// What it says, without secrets, each name once.
    private var annotations: [(String, String)] {
        var annotations = [("summary", incident.title)]
        if !incident.summary.isEmpty {
            annotations.append(("description", Redaction.masked(text: incident.summary)))
        }
        if let by = incident.acknowledgedBy { annotations.append(("acknowledged_by", by)) }
        if let at = incident.acknowledgedAt { annotations.append(("acknowledged_at", at.inMilliseconds)) }
        guard let details = try? JSONDocument(Redaction.masked(incident.details)) else { return annotations }
        for member in details.root.members {
            let name = Self.name(member.key.string ?? "")
            let value = member.value.string ?? String(decoding: member.value.rawBytes, as: UTF8.self)
            guard !value.isEmpty, !annotations.contains(where: { $0.0 == name }) else { continue }
            annotations.append((name, value))
        }
        return annotations
    }

    /// A name of an annotation that every tool takes: `[a-zA-Z_][a-zA-Z0-9_]*`.
    private static func name(_ text: String) -> String {
        let letters = text.utf8.map { byte in
            let isLetter = byte | 0x20 &- UInt8(ascii: "a") < 26
            return isLetter || byte &- UInt8(ascii: "0") < 10 ? byte : UInt8(ascii: "_")
        }
        let name = String(decoding: letters, as: UTF8.self)
        return name.first.map { $0.isNumber } ?? true ? "_\(name)" : name
    }
}
