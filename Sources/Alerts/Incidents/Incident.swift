internal import Core
internal import Notifications
internal import Postgres

/// Something that is or was wrong.
struct Incident: Sendable {
    enum Status: String, CaseIterable, Sendable {
        case firing, resolved
    }

    var id: UUID128
    var ruleID: UUID128?
    var ruleName: String
    var key: String
    var status: Status
    var event: String
    var alert: String
    var severity: AlertSeverity
    var project: String?
    var title: String
    var summary: String
    var labels: [String: String]
    /// A JSON object.
    var details: [UInt8]
    /// A JSON object.
    var links: [UInt8]
    var sources: [String]
    var value: Double?
    var startedAt: Timestamp
    var lastFiredAt: Timestamp
    var firings: Int64
    var resolvedAt: Timestamp?
    var resolvedBy: String?
    var flaps: Int
    var acknowledgedAt: Timestamp?
    var acknowledgedBy: String?
    /// What people have not been told yet.
    var notice: Status?
    var notifiedAt: Timestamp?
    var suppressed: Int64
    var silencedBy: UUID128?

    static let columns = """
        uuid, rule_id, rule_name, key, status, event, alert, severity, project, title, summary,
        labels::text AS labels, details::text AS details, links::text AS links, source_ids, value, started_at,
        last_fired_at, firings, resolved_at, resolved_by, flaps, acknowledged_at, acknowledged_by, notice,
        notified_at, suppressed, silenced_by
        """

    init(_ row: Row) throws {
        id = try row.uuid("uuid")
        ruleID = try row.optionalUUID("rule_id")
        ruleName = try row.text("rule_name")
        key = try row.text("key")
        status = Status(rawValue: try row.text("status")) ?? .resolved
        event = try row.text("event")
        alert = try row.text("alert")
        severity = AlertSeverity(rawValue: try row.text("severity")) ?? .warning
        project = try row.optionalText("project")
        title = try row.text("title")
        summary = try row.text("summary")
        labels = LabelsJSON.decode(try row.utf8("labels"))
        details = try row.utf8("details")
        links = try row.utf8("links")
        sources = try row.textArray("source_ids").compactMap(\.self)
        value = try row.optionalDouble("value")
        startedAt = try row.timestamp("started_at")
        lastFiredAt = try row.timestamp("last_fired_at")
        firings = try row.int64("firings")
        resolvedAt = try row.optionalTimestamp("resolved_at")
        resolvedBy = try row.optionalText("resolved_by")
        flaps = try row.int("flaps")
        acknowledgedAt = try row.optionalTimestamp("acknowledged_at")
        acknowledgedBy = try row.optionalText("acknowledged_by")
        notice = try row.optionalText("notice").flatMap(Status.init)
        notifiedAt = try row.optionalTimestamp("notified_at")
        suppressed = try row.int64("suppressed")
        silencedBy = try row.optionalUUID("silenced_by")
    }
}
