internal import Core
internal import Postgres

/// An execution of a run. A resumed run of the same name has several.
struct NextflowExecution: Hashable, Sendable {
    let run: UUID128
    /// What it told of its start; nil when it told nothing.
    let start: Timestamp?
}

/// The executions of some runs, so that a batch can recognise a new begin and a new end: clients repeat theirs.
struct NextflowExecutions {
    /// The executions whose begin or end is new, each with its state.
    struct Changes {
        var begun: [NextflowExecution] = []
        var ended: [(execution: NextflowExecution, state: RunState)] = []
    }

    private struct Stored {
        let execution: NextflowExecution
        let hasBegun: Bool
        let hasEnded: Bool
        let state: RunState
    }

    private let runs: [UUID128]
    private let begun: Set<NextflowExecution>
    private let ended: Set<NextflowExecution>

    /// Reads them when the runs are merged, and their executions are not; without runs there is no query.
    ///
    /// The merge of a run locks its row until the transaction ends, so that of two Weirs only one finds a begin or an
    /// end new.
    init(of runs: [UUID128], on connection: Connection) throws {
        self.runs = Array(Set(runs))
        let stored = try Self.fetch(self.runs, on: connection)
        begun = Set(stored.filter(\.hasBegun).map(\.execution))
        ended = Set(stored.filter(\.hasEnded).map(\.execution))
    }

    /// Reads them again after the batch is merged.
    func changes(on connection: Connection) throws -> Changes {
        var changes = Changes()
        for stored in try Self.fetch(runs, on: connection) {
            if stored.hasBegun, !begun.contains(stored.execution) { changes.begun.append(stored.execution) }
            if stored.hasEnded, !ended.contains(stored.execution) {
                changes.ended.append((stored.execution, stored.state))
            }
        }
        return changes
    }

    private static func fetch(_ runs: [UUID128], on connection: Connection) throws -> [Stored] {
        guard !runs.isEmpty else { return [] }
        return try connection.execute(statement, [.uuidArray(runs)]).map { row in
            Stored(
                execution: NextflowExecution(
                    run: try row.uuid("run_key"),
                    start: try row.optionalTimestamp("start")
                ),
                hasBegun: try row.bool("has_begun"),
                hasEnded: try row.bool("has_ended"),
                state: RunState(rawValue: try row.text("state")) ?? .failed
            )
        }
    }

    /// The states are those of `run_state`.
    private static let statement = Statement(
        "executions",
        """
        SELECT
            run_key,
            nullif(segment_start, '-infinity') AS start,
            started_utc IS NOT NULL AS has_begun,
            completed_utc IS NOT NULL AS has_ended,
            CASE
                WHEN success THEN 'succeeded'
                WHEN error_message ~ '\\mSIG(INT|TERM|HUP)\\M' THEN 'aborted'
                ELSE 'failed'
            END AS state
        FROM run_segment
        WHERE run_key = ANY ($1::uuid[])
        ORDER BY run_key, segment_start
        """
    )
}
