internal import Core
internal import Postgres

/// Numbers for pipelines, stages, workers and applications.
///
/// Endpoints take them from sequences before they write the line, which holds them: a replay stores the same ones.
enum PipelineNumbers {
    private static let application = Statement("application", "SELECT id FROM application WHERE name = $1")
    private static let newApplication = Statement(
        "new application",
        file: PackageResources.new_application_sql
    )

    /// The number of an application, which gets one if it has none. Must run outside of a transaction.
    static func application(_ name: String, on connection: Connection) throws -> Int64 {
        if let row = try connection.execute(application, [.text(name)]).first { return try row.int64("id") }
        try connection.execute(newApplication, [.text(name)])
        return try connection.execute(application, [.text(name)])[0].int64("id")
    }

    /// Numbers for a pipeline and its stages, those of the stages ascending.
    static func reserve(stages count: Int, on connection: Connection) throws -> (
        pipeline: Int64, stages: [Int64]
    ) {
        let pipeline = try connection.execute("SELECT nextval('pipeline_id') AS id")[0].int64("id")
        let rows = try connection.execute(
            "SELECT nextval('stage_id') AS id FROM generate_series(1, $1::bigint)",
            [.int(count)]
        )
        return (pipeline, try rows.map { try $0.int64("id") }.sorted())
    }

    /// The number of a worker: that of its instance, or a new one.
    static func worker(_ bootstrap: WorkerBootstrap, on connection: Connection) throws -> Int64 {
        let known = try connection.execute(
            "SELECT id FROM worker_client WHERE application_id = $1 AND instance_id = $2",
            [.int64(bootstrap.applicationID), .text(bootstrap.instanceID)]
        )
        if let row = known.first { return try row.int64("id") }
        return try connection.execute("SELECT nextval('worker_id') AS id")[0].int64("id")
    }

    /// Moves sequences past numbers that were stored: after a replay, or over an older backup. They never go back.
    static func pass(
        pipeline: Int64? = nil,
        stage: Int64? = nil,
        application: Int64? = nil,
        worker: Int64? = nil,
        on connection: Connection
    ) throws {
        let sequences = [
            ("pipeline_id", pipeline), ("stage_id", stage), ("application_id", application),
            ("worker_id", worker),
        ]
        for case (let name, let number?) in sequences where number > 0 {
            try connection.execute(
                Statement(
                    "pass \(name)",
                    """
                    SELECT count(nextval('\(name)'))
                    FROM \(name) s, generate_series(s.last_value + s.is_called::int, $1::bigint)
                    WHERE s.last_value < $1::bigint OR NOT s.is_called
                    """
                ),
                [.int64(number)]
            )
        }
    }
}
