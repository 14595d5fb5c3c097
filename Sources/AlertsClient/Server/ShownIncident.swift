package import Core
internal import Notifications

/// Something that is or was wrong, as the server shows it.
package struct ShownIncident: Sendable {
    /// Who was told.
    package struct Told: Sendable {
        package let channel: String
        /// `sent`, `failed`, or one that is still open.
        package let status: String
    }

    package let id: String
    package let isFiring: Bool
    package let severity: String
    package let title: String
    package let summary: String
    /// What it is about, in as few words as its labels allow.
    package let subject: String
    package let startedAt: Timestamp?
    package let resolvedAt: Timestamp?
    package let firings: Int64
    package let acknowledgedBy: String?
    package let isSilenced: Bool
    package let told: [Told]
    /// As the server wrote it.
    package let json: [UInt8]

    /// Reads one; what is absent is empty.
    package init(_ node: JSONNode) {
        id = node["uuid"]?.string ?? ""
        isFiring = node["status"]?.string == "firing"
        severity = node["severity"]?.string ?? ""
        title = node["title"]?.string ?? node["event"]?.string ?? ""
        summary = node["summary"]?.string ?? ""
        subject = Self.subject(Dictionary(pairs: node["labels"]), key: node["key"]?.string ?? "")
        startedAt = node["started_at"]?.timestamp
        resolvedAt = node["resolved_at"]?.timestamp
        firings = node["firings"]?.int64 ?? 1
        acknowledgedBy = node["acknowledged_by"]?.string
        isSilenced = node["silenced_by"].map { !$0.isNull } ?? false
        told =
            node["told"]?.elements.map {
                Told(channel: $0["channel"]?.string ?? "(deleted)", status: $0["status"]?.string ?? "")
            } ?? []
        json = Array(node.rawBytes)
    }

    /// Whether it is at least as bad as a severity.
    package func isAtLeast(_ least: String) -> Bool {
        guard let own = AlertSeverity(rawValue: severity), let least = AlertSeverity(rawValue: least) else {
            return severity == least
        }
        return own >= least
    }

    private static func subject(_ labels: [String: String], key: String) -> String {
        let run = labels["agent"] ?? labels["pipeline_name"]
        let part = labels["process"] ?? labels["stage_name"]
        let parts = [labels["project"], run, part, labels["component"], labels["check"]].compactMap(\.self)
        guard parts.isEmpty else { return parts.joined(separator: "/") }
        return key.firstIndex(of: "/").map { String(key[key.index(after: $0)...]) } ?? key
    }
}

/// What was sent, or is to be sent, as the server shows it. Contract beampipe §4.8.
package struct ShownDelivery: Sendable {
    package let id: String
    package let channel: String?
    package let status: String
    package let event: String
    package let attempts: Int64
    package let mostAttempts: Int64
    package let error: String?
    package let createdAt: Timestamp?
    /// As the server wrote it.
    package let json: [UInt8]

    /// Reads one; what is absent is empty.
    package init(_ node: JSONNode) {
        id = node["uuid"]?.string ?? ""
        channel = node["channel_id"]?.string
        status = node["status"]?.string ?? ""
        let state = node["state"]?.string
        let event = node["event"]?.string ?? node["payload"]?["alert"]?.string ?? ""
        self.event = state == "resolved" ? "\(event) (over)" : event
        attempts = node["attempts"]?.int64 ?? 1
        mostAttempts = node["max_attempts"]?.int64 ?? 1
        error = node["error"]?.string
        createdAt = node["created_at"]?.timestamp
        json = Array(node.rawBytes)
    }
}

/// What became of a test.
package struct TestOutcome: Sendable {
    package let isDelivered: Bool
    package let error: String?
    package let httpStatus: Int64?
    package let milliseconds: Int64?
    /// As the server wrote it.
    package let json: [UInt8]

    /// Reads the answer of a test, or a delivery; nil when it says neither that it was sent nor that it failed.
    init?(_ node: JSONNode) {
        let words = [node["result"]?.string, node["status"]?.string].compactMap(\.self)
        guard let word = words.first(where: { $0 == "sent" || $0 == "failed" }) else { return nil }
        isDelivered = word == "sent"
        error = node["error"]?.string
        httpStatus = node["http_status"]?.int64
        milliseconds = node["duration_ms"]?.int64
        json = Array(node.rawBytes)
    }

    /// `delivered to phone in 120 ms (HTTP 200)`, or why not.
    package func line(_ channel: String) -> String {
        let status = httpStatus.map { " (HTTP \($0))" } ?? ""
        guard isDelivered else {
            let why = error ?? "no reason is given"
            // The reason often has the status in it.
            return "not delivered to \(channel): \(why)\(why.contains("HTTP") ? "" : status)"
        }
        return "delivered to \(channel)\(milliseconds.map { " in \($0) ms" } ?? "")\(status)"
    }
}
