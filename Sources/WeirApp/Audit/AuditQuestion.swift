/// A question of the audit and the SQL that answers it. Contract §4.5.
struct AuditQuestion: Sendable {
    /// By which `--only` names it.
    let name: String
    /// The question in words.
    let title: String
    let sql: String
    /// What an answer without rows means.
    let ifEmpty: String
    /// Whether it is answered only when it is asked for by name.
    var isLong = false

    private init(
        _ name: String,
        _ title: String,
        _ sql: [UInt8],
        ifEmpty: String = "none",
        isLong: Bool = false
    ) {
        self.name = name
        self.title = title
        self.sql = String(decoding: sql, as: UTF8.self)
        self.ifEmpty = ifEmpty
        self.isLong = isLong
    }

    /// The name of the question whose rows are counted, table by table.
    static let tables = "tables"

    static let all = [
        AuditQuestion(tables, "Rows per table", PackageResources.audit_tables_sql),
        AuditQuestion("schema", "Schema and version", PackageResources.audit_schema_sql),
        AuditQuestion("columns", "Columns of every table", PackageResources.audit_columns_sql, isLong: true),
        AuditQuestion("agents", "Tracked runs per agent", PackageResources.audit_agents_sql),
        AuditQuestion("statuses", "Tracked runs per status", PackageResources.audit_statuses_sql),
        AuditQuestion("days", "Tracked runs per day of their start", PackageResources.audit_days_sql),
        AuditQuestion("outbox", "Outbox events per kind", PackageResources.audit_outbox_sql),
        AuditQuestion("documents", "Largest records of runs", PackageResources.audit_documents_sql),
        AuditQuestion("posts", "External posts that are pending", PackageResources.audit_posts_sql),
        AuditQuestion("workflows", "Runs of Nextflow per state", PackageResources.audit_workflows_sql),
        AuditQuestion("dead-letters", "Dead letters", PackageResources.audit_letters_sql),
        AuditQuestion("space", "Space per table", PackageResources.audit_space_sql),
        AuditQuestion("indexes", "Indexes", PackageResources.audit_indexes_sql),
    ]
}
