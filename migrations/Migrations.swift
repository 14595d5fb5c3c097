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
        Step(version: 1, name: "ingest", sql: text(PackageResources.v0001_ingest_sql)),
        Step(version: 2, name: "nextflow", sql: text(PackageResources.v0002_nextflow_sql)),
        Step(version: 3, name: "nextflow_rollups", sql: text(PackageResources.v0003_nextflow_rollups_sql)),
        Step(version: 4, name: "nextflow_growth", sql: text(PackageResources.v0004_nextflow_growth_sql)),
        Step(version: 5, name: "sketch_bin", sql: text(PackageResources.v0005_sketch_bin_sql)),
        Step(version: 6, name: "runs", sql: text(PackageResources.v0006_runs_sql)),
        Step(version: 7, name: "run_hours", sql: text(PackageResources.v0007_run_hours_sql)),
        Step(
            version: 9,
            name: "completion_identity",
            sql: text(PackageResources.v0009_completion_identity_sql)
        ),
        Step(version: 10, name: "run_summary", sql: text(PackageResources.v0010_run_summary_sql)),
        Step(
            version: 11,
            name: "dead_letter_members",
            sql: text(PackageResources.v0011_dead_letter_members_sql)
        ),
    ]

    private static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}
