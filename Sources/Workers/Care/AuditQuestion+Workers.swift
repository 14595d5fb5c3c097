internal import Ingest

extension AuditQuestion {
    /// The questions about components and their metrics.
    static let workers = [
        AuditQuestion("components", "Components by status", PackageResources.audit_components_sql),
        AuditQuestion("series", "Components with the most series", PackageResources.audit_series_sql),
        AuditQuestion(
            "rollups",
            "Hours that are not rolled up",
            PackageResources.audit_rollups_sql
        ),
        AuditQuestion(
            "samples",
            "Samples by day: counted and stored",
            PackageResources.audit_samples_sql,
            isLong: true
        ),
        AuditQuestion(
            "sample-orphans",
            "Samples of deleted components",
            PackageResources.audit_sample_orphans_sql,
            isLong: true
        ),
    ]
}
