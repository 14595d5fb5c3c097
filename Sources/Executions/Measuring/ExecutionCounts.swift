internal import Core
internal import Ingest
internal import Postgres

/// What probes and gauges know of all executions: the open ones are counted by their index, all others by what the
/// loader counts. Contract beampipe §1.2, §1.5, §2.2.
struct ExecutionCounts: Sendable {
    /// Open executions of one status and scheduler.
    struct Open: Hashable, Sendable {
        let status: LedgerStatus
        let scheduler: String
        let count: Int64
        /// Whole seconds.
        let oldestAge: Int64
    }

    /// Executions in one state of an axis.
    struct State: Hashable, Sendable {
        let facet: String
        let value: String
        let count: Int64
    }

    /// The sources of a project whose executions are open.
    struct Sources: Hashable, Sendable {
        let project: String
        let count: Int64
    }

    var open: [Open] = []
    var states: [State] = []
    var risks: Int64 = 0
    var sources: [Sources] = []
    var workers: [ExecutionWorker] = []

    /// Reads everything.
    ///
    /// - Throws: `PostgresError`.
    init(
        on connection: Connection,
        at now: Timestamp,
        _ surroundings: any ExecutionSurroundings,
        withSources: Bool
    ) throws {
        open = try Self.open(on: connection)
        states = try connection.execute(Self.tallies).map { row in
            State(facet: try row.text(0), value: try row.text(1), count: try row.int64(2))
        }
        risks = try connection.execute(Self.risks).first?.int64(0) ?? 0
        if withSources {
            sources = try connection.execute(Self.sources).map { row in
                Sources(project: try row.text(0), count: try row.int64(1))
            }
        }
        workers = try surroundings.workers(at: now, on: connection)
    }

    private static func open(on connection: Connection) throws -> [Open] {
        try connection.execute(Self.openRows).compactMap { row in
            guard let status = LedgerStatus(rawValue: try row.text(0)) else { return nil }
            return Open(
                status: status,
                scheduler: try row.text(1),
                count: try row.int64(2),
                oldestAge: try row.int64(3)
            )
        }
    }

    // MARK: - Sums

    /// How many open executions have one of these statuses.
    func count(_ statuses: Set<LedgerStatus>) -> Int64 {
        open.filter { statuses.contains($0.status) }.reduce(0) { $0 + $1.count }
    }

    /// The age of the oldest open execution with one of these statuses; 0 without one.
    func oldestAge(_ statuses: Set<LedgerStatus>) -> Int64 {
        open.filter { statuses.contains($0.status) }.map(\.oldestAge).max() ?? 0
    }

    /// How many executions are in a state.
    func count(_ facet: String, _ value: String) -> Int64 {
        states.first { $0.facet == facet && $0.value == value }?.count ?? 0
    }

    /// Executions that no backend has begun with: what a queue of jobs is to the original.
    static let queued: Set<LedgerStatus> = [.pending, .retrying]

    private static let openStatuses = LedgerStatus.active.map { "'\($0.rawValue)'" }.joined(separator: ", ")

    private static let openRows = Statement(
        "open executions",
        """
        SELECT status, coalesce(scheduler_name, 'none'), count(*),
               round(greatest(extract(epoch FROM now() - min(created_at)), 0))::bigint
        FROM execution
        WHERE status IN (\(openStatuses))
        GROUP BY 1, 2
        """
    )

    private static let tallies = Statement(
        "execution states",
        "SELECT facet, value, count FROM execution_tally WHERE facet <> 'project'"
    )

    private static let risks = Statement(
        "executions at risk",
        """
        SELECT count(*)
        FROM execution
        WHERE terminal_outcome = 'inconsistent' OR failure_class = 'inconsistent_state' OR submission_state = 'uncertain'
        """
    )

    private static let sources = Statement(
        "sources of open executions",
        """
        SELECT project_module, count(DISTINCT s ->> 'source_identifier')
        FROM execution, jsonb_array_elements(sources) s
        WHERE status IN (\(openStatuses))
        GROUP BY 1
        ORDER BY 2 DESC, 1
        LIMIT 1000
        """
    )
}
