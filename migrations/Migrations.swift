/// The schema, one numbered file a step, embedded into the executable.
///
/// A released file never changes: Weir compares checksums at start. A change is a new file.
package enum SchemaMigrations {
    /// One step of the schema.
    package struct Step: Sendable {
        /// The number in the file's name; steps are applied in this order.
        package let version: Int
        /// What the file's name says that it does.
        package let name: String
        /// The SQL of the file.
        package let sql: String
    }

    /// Every step that this executable knows, in the order of their versions.
    package static let steps: [Step] = [
        Step(version: 1, name: "baseline", sql: text(PackageResources.v0001_baseline_sql)),
        Step(version: 2, name: "workers", sql: text(PackageResources.v0002_workers_sql)),
        Step(version: 3, name: "alerts", sql: text(PackageResources.v0003_alerts_sql)),
        Step(version: 4, name: "checks", sql: text(PackageResources.v0004_checks_sql)),
        Step(version: 5, name: "alert_indexes", sql: text(PackageResources.v0005_alert_indexes_sql)),
        Step(version: 6, name: "provenance", sql: text(PackageResources.v0006_provenance_sql)),
        Step(version: 7, name: "executions", sql: text(PackageResources.v0007_executions_sql)),
        Step(version: 8, name: "pipelines", sql: text(PackageResources.v0008_pipelines_sql)),
        Step(version: 9, name: "spans", sql: text(PackageResources.v0009_spans_sql)),
        Step(
            version: 10,
            name: "trace_contexts",
            sql: text(PackageResources.v0010_trace_contexts_sql)
        ),
        Step(version: 11, name: "stage_order", sql: text(PackageResources.v0011_stage_order_sql)),
        Step(version: 12, name: "tower", sql: text(PackageResources.v0012_tower_sql)),
    ]

    private static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}
