/// A column of `agent_runs` that the runs API takes, and its type there. Contract runs §1.4, §2.1.
struct RunColumn {
    /// The type in the API.
    enum Kind {
        case text
        case integer
        case flag
        /// A JSON object; in the table a text.
        case object
    }

    let name: String
    let kind: Kind

    /// All of them in the order of the service's table. `id`, `schema_version` and `updated_at` are the server's own.
    static let all: [RunColumn] = [
        text("event_id"), text("run_id"), text("created_at"), text("start_time"), text("end_time"),
        text("agent_name"), text("agent_owner"), text("job_type"), text("status"),
        text("product"), text("product_family"), text("platform"), text("subdomain"),
        text("website"), text("website_section"), text("item_name"),
        integer("items_discovered"), integer("items_succeeded"), integer("items_failed"),
        integer("items_skipped"), integer("duration_ms"),
        text("input_summary"), text("output_summary"), text("source_ref"), text("target_ref"),
        text("error_summary"), text("error_details"),
        text("git_repo"), text("git_branch"), text("git_commit_hash"), text("git_run_tag"),
        text("git_commit_source"), text("git_commit_author"), text("git_commit_timestamp"),
        text("host"), text("environment"), text("trigger_type"),
        RunColumn(name: "metrics_json", kind: .object), RunColumn(name: "context_json", kind: .object),
        RunColumn(name: "api_posted", kind: .flag), text("api_posted_at"), integer("api_retry_count"),
        text("insight_id"), text("parent_run_id"),
    ]

    private static func text(_ name: String) -> RunColumn { RunColumn(name: name, kind: .text) }
    private static func integer(_ name: String) -> RunColumn { RunColumn(name: name, kind: .integer) }
}
