internal import Core
internal import Postgres

/// The ended executions of some runs, so that a batch can recognise a new end: clients repeat theirs.
struct NextflowEndings {
    private struct Execution: Hashable {
        let run: UUID128
        let start: Timestamp?
    }

    private let runs: [UUID128]
    private let known: Set<Execution>

    /// Reads them before a batch is merged; without runs there is no query.
    init(of runs: [UUID128], on connection: Connection) throws {
        self.runs = Array(Set(runs))
        known = Set(try Self.fetch(self.runs, on: connection).map(\.0))
    }

    /// Reads them again after the batch is merged: the states of executions whose end is new.
    func new(on connection: Connection) throws -> [RunState] {
        try Self.fetch(runs, on: connection).filter { !known.contains($0.0) }.map(\.1)
    }

    private static func fetch(
        _ runs: [UUID128],
        on connection: Connection
    ) throws -> [(Execution, RunState)] {
        guard !runs.isEmpty else { return [] }
        return try connection.execute(statement, [.uuidArray(runs)]).map { row in
            let execution = Execution(run: try row.uuid("run_key"), start: try row.optionalTimestamp("start"))
            return (execution, RunState(rawValue: try row.text("state")) ?? .failed)
        }
    }

    /// The states are those of `run_state`.
    private static let statement = Statement(
        "ended executions",
        """
        SELECT
            run_key,
            nullif(segment_start, '-infinity') AS start,
            CASE
                WHEN success THEN 'succeeded'
                WHEN error_message ~ '\\mSIG(INT|TERM|HUP)\\M' THEN 'aborted'
                ELSE 'failed'
            END AS state
        FROM run_segment
        WHERE run_key = ANY ($1::uuid[])
          AND completed_utc IS NOT NULL
        """
    )
}
