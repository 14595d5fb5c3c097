internal import Core
internal import Ingest
internal import Postgres

/// The SQL of runs, their tasks and their raw events.
struct NextflowRunStore {
    let connection: Connection
    /// The moment for which states are computed.
    let now: Timestamp
    /// After how much silence a running run is stale.
    let staleAfter: RunSilence

    // MARK: - Runs

    /// Runs, the newest first; one more than the limit when there are more.
    func fetchAll(_ query: NextflowRunListQuery) throws -> QueryResult {
        var conditions = SQLConditions()
        let state = stateExpression(&conditions)
        conditions.require("r.run_name", equals: query.name.map(Parameter.text))
        conditions.require("r.user_name", equals: query.user.map(Parameter.text))
        conditions.require("r.project_name", equals: query.project.map(Parameter.text))
        conditions.require("r.run_id", equals: query.runID.map(Parameter.text))
        if let since = query.since {
            conditions.require("r.first_utc >= \(conditions.place(.timestamp(since)))")
        }
        if let until = query.until {
            conditions.require("r.first_utc <= \(conditions.place(.timestamp(until)))")
        }
        if let cursor = query.cursor {
            let time = conditions.place(.timestamp(cursor.firstUTC))
            let key = conditions.place(.uuid(cursor.runKey))
            conditions.require("(r.first_utc, r.run_key) < (\(time)::timestamptz, \(key)::uuid)")
        }
        let groups = Self.groups(of: query.states, state, &conditions)
        return try fetch(conditions, state, among: groups, limit: query.limit + 1)
    }

    /// The conditions of runs in these states, one for each group that an index keeps in the order of the list: each
    /// outcome is a group, and all runs that have not ended are another.
    private static func groups(
        of states: [RunState],
        _ state: String,
        _ conditions: inout SQLConditions
    ) -> [String] {
        guard !states.isEmpty else { return ["true"] }
        var groups = states.filter { !$0.isOpen }.map { ended in
            "r.outcome = \(conditions.place(.text(ended.rawValue)))"
        }
        // A run that failed by an `error` has not ended.
        if states.contains(where: { $0.isOpen || $0 == .failed }) {
            let names = conditions.place(.textArray(states.map(\.rawValue)))
            groups.append("(\(open)) AND \(state) = ANY (\(names)::text[])")
        }
        return groups
    }

    /// One run; nil when there is none.
    func fetchOne(_ key: UUID128) throws -> Row? {
        var conditions = SQLConditions()
        let state = stateExpression(&conditions)
        conditions.require("r.run_key", equals: .uuid(key))
        return try fetch(conditions, state, among: ["true"], limit: 1).first
    }

    /// The condition of the partial index `run_open`: runs that have not ended, or started again.
    private static let open = "r.completed_utc IS NULL OR r.segment_start > r.completed_segment"

    private func stateExpression(_ conditions: inout SQLConditions) -> String {
        let moment = conditions.place(.timestamp(now))
        let silence = conditions.place(staleAfter.parameter)
        return "run_state(r, \(moment)::timestamptz, \(silence)::interval[])"
    }

    private func fetch(
        _ conditions: SQLConditions,
        _ state: String,
        among groups: [String],
        limit: Int
    ) throws -> QueryResult {
        var conditions = conditions
        let limit = conditions.place(.int(limit))
        let order = "ORDER BY r.first_utc DESC, r.run_key DESC LIMIT \(limit)::bigint"
        let runs = groups.map { "(SELECT * FROM run r WHERE \(conditions.text) AND (\($0)) \(order))" }
        let statement = Statement(
            "runs",
            """
            SELECT
                r.run_key, r.run_id, r.run_name, \(state) AS state,
                r.user_name AS user, r.project_name AS project,
                CASE
                    WHEN r.tower_utc IS NULL THEN 'weblog' WHEN r.weblog_utc IS NULL THEN 'tower' ELSE 'both'
                END AS source,
                r.first_utc, r.started_utc, r.last_utc, r.first_received_at, r.last_received_at,
                CASE WHEN \(Self.open) THEN NULL ELSE r.completed_utc END AS completed_utc,
                CASE WHEN \(Self.open) THEN NULL ELSE r.success END AS success,
                CASE WHEN \(Self.open) THEN NULL ELSE left(r.error_message, 500) END AS error_message,
                s.duration_ms,
                p.completions
            FROM (
                SELECT r.run_key FROM (\(runs.joined(separator: " UNION ALL "))) r \(order)
            ) k
            JOIN run r USING (run_key)
            LEFT JOIN LATERAL (
                SELECT json_build_object(
                    'total', coalesce(sum(rows), 0), 'succeeded', coalesce(sum(succeeded), 0),
                    'failed', coalesce(sum(failed), 0), 'retried', coalesce(sum(retried), 0)
                ) AS completions
                FROM run_rollup
                WHERE run_key = r.run_key AND grain = 'year'
            ) p ON true
            LEFT JOIN LATERAL (
                SELECT duration_ms FROM run_segment
                WHERE run_key = r.run_key
                ORDER BY segment_start DESC
                LIMIT 1
            ) s ON true
            ORDER BY r.first_utc DESC, r.run_key DESC
            """
        )
        return try connection.execute(statement, conditions.parameters)
    }

    // MARK: - Parts of a run

    /// The executions of a run, the first one first.
    func fetchSegments(of run: UUID128) throws -> QueryResult {
        try connection.execute(Self.segments, [.uuid(run)])
    }

    private static let segments = Statement("run segments", file: PackageResources.run_segments_sql)

    /// What only Tower's client tells of a run; nil when it tells nothing. Without `withConfiguration` its text is left out.
    func fetchTower(of run: UUID128, withConfiguration: Bool = false) throws -> Row? {
        try connection.execute(withConfiguration ? Self.configuration : Self.tower, [.uuid(run)]).first
    }

    private static let tower = Statement(
        "run tower",
        """
        SELECT
            workflow_id, workspace_id, launched, process_names, progress, progress_at, metrics, dag,
            octet_length(config_text) AS config_bytes,
            (
                SELECT jsonb_agg(c.container ORDER BY c.request_id)
                FROM (
                    SELECT container, request_id
                    FROM run_container
                    WHERE run_key = $1
                    ORDER BY request_id
                    LIMIT 1000
                ) c
            ) AS containers
        FROM run_tower
        WHERE run_key = $1
        """
    )
    private static let configuration = Statement(
        "run configuration",
        "SELECT config_text FROM run_tower WHERE run_key = $1 AND config_text IS NOT NULL"
    )

    /// How many tasks of a run have each status, how many of those are at work, and how many have an outcome that
    /// will stay unknown.
    func fetchTaskCounts(of run: UUID128, _ settlement: TaskSettlement) throws -> QueryResult {
        try connection.execute(Self.taskCounts, [.uuid(run), settlement.parameter])
    }

    private static let taskCounts = Statement(
        "run task counts",
        """
        SELECT
            task_status(CASE WHEN is_open AND is_settled THEN 0 ELSE status_rank END::smallint) AS status,
            count(*) AS tasks,
            count(*) FILTER (WHERE is_open AND NOT is_settled AND (started OR status_rank = 3)) AS running,
            count(*) FILTER (WHERE is_open AND NOT is_settled AND NOT (started OR status_rank = 3)) AS queued,
            count(*) FILTER (WHERE is_open AND is_settled) AS outcome_unknown
        FROM (
            SELECT status_rank, started, \(TaskSettlement.open) AS is_open, \(TaskSettlement.settled("$2")) AS is_settled
            FROM task
            WHERE run_key = $1
        ) t
        GROUP BY 1
        ORDER BY min(CASE WHEN is_open AND is_settled THEN 0 ELSE status_rank END)
        """
    )
}
