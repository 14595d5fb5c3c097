internal import Core

/// A run in the original client's form: every member, in its order. Contract §3.1.
struct Record: Sendable {
    private static let names = [
        "run_id", "agent_name", "job_type", "trigger_type", "start_time", "event_id", "schema_version",
        "agent_owner", "end_time", "status", "items_discovered", "items_succeeded", "items_failed",
        "items_skipped", "duration_ms", "input_summary", "output_summary", "source_ref", "target_ref",
        "error_summary", "error_details", "metrics_json", "context_json", "insight_id", "product", "platform",
        "product_family", "subdomain", "website", "website_section", "item_name", "git_repo", "git_branch",
        "git_run_tag", "git_commit_hash", "git_commit_source", "git_commit_author", "git_commit_timestamp",
        "host", "environment", "api_posted", "api_posted_at", "api_retry_count", "parent_run_id",
        "created_at",
        "updated_at", "record_type",
    ]

    private var values: [String: [UInt8]] = [
        "schema_version": Array("7".utf8), "status": Array(#""running""#.utf8), "items_discovered": [48],
        "items_succeeded": [48], "items_failed": [48], "items_skipped": [48], "duration_ms": [48],
        "api_posted": [48], "api_retry_count": [48], "record_type": Array(#""run""#.utf8),
    ]

    /// A member as JSON text; nil is null.
    subscript(name: String) -> [UInt8]? {
        get { values[name] }
        set { values[name] = newValue }
    }

    /// Sets a text; nil is null.
    mutating func set(_ name: String, _ text: String?) {
        values[name] = text.map(Self.quoted)
    }

    /// A text as JSON, without U+0000, for which Weir would refuse the record (D27).
    static func quoted(_ text: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.value(withoutNul(text))
        return writer.bytes
    }

    static func withoutNul(_ text: String) -> String {
        text.utf8.contains(0)
            ? String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != "\0" })) : text
    }

    /// Sets a number.
    mutating func set(_ name: String, _ number: Int) {
        values[name] = Array(String(number).utf8)
    }

    /// The whole record.
    var json: [UInt8] { json(Self.names, withNulls: true) }

    /// Some members, without those that are null.
    func json(_ names: [String], withNulls: Bool = false) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 1500)
        writer.object { object in
            for name in names {
                if let value = values[name] {
                    object.member(name, raw: value)
                } else if withNulls {
                    object.null(name)
                }
            }
        }
        return writer.bytes
    }

    /// The members of the request that ends a run.
    static let endMembers = [
        "status", "end_time", "duration_ms", "items_discovered", "items_succeeded", "items_failed",
        "items_skipped", "input_summary", "output_summary", "error_summary", "error_details", "metrics_json",
        "context_json", "updated_at",
    ]

    /// The body for an external address. Contract §3.4.
    static let externalMembers = [
        "run_id", "agent_name", "job_type", "trigger_type", "start_time", "status", "agent_owner", "end_time",
        "items_discovered", "items_succeeded", "items_failed", "duration_ms", "error_summary", "product",
        "platform", "product_family", "subdomain", "website", "website_section", "item_name", "git_repo",
        "git_branch", "git_commit_hash", "git_commit_source", "git_commit_author", "git_commit_timestamp",
        "host",
    ]
}
