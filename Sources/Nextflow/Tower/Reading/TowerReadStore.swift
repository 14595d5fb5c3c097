internal import Core
internal import Ingest
internal import Postgres

/// The SQL of the reading half of Tower's API.
struct TowerReadStore {
    /// The most runs that `totalSize` counts: a list of all runs has no end.
    static let mostCounted = 100_000
    /// How many runs, the newest, are searched for names whose beginning is open: no index finds them.
    private static let mostWalked = 100_000

    let connection: Connection
    /// The moment for which states are computed.
    let now: Timestamp
    /// After how much silence a running run is stale.
    let staleAfter: RunSilence

    private var runs: NextflowRunStore {
        NextflowRunStore(connection: connection, now: now, staleAfter: staleAfter)
    }

    // MARK: - One run

    /// The run that an id stands for: one that a call has told, or the one whose key begins with it; nil for none.
    func findRun(_ workflowID: String) throws -> UUID128? {
        let told = try connection.execute(Self.told, [.text(indexable(workflowID))]).first
        if let key = try told?.optionalUUID("run_key") { return key }
        guard let keys = TowerWorkflowID.keys(of: workflowID) else { return nil }
        let own = try connection.execute(Self.own, [.uuid(keys.lowerBound), .uuid(keys.upperBound)]).first
        return try own?.uuid("run_key")
    }

    private static let told = Statement(
        "run of a workflow",
        """
        SELECT w.run_key FROM tower_workflow w JOIN run r USING (run_key) WHERE w.workflow_id = $1
        """
    )
    private static let own = Statement(
        "run of a key",
        "SELECT run_key FROM run WHERE run_key BETWEEN $1::uuid AND $2::uuid ORDER BY run_key LIMIT 1"
    )

    /// Runs with their latest executions, in the order of the keys; without what may be large if they are for a list.
    func fetchWorkflows(_ keys: [UUID128], forList: Bool = false) throws -> QueryResult {
        try connection.execute(
            Self.workflows,
            [.uuidArray(keys), .timestamp(now), staleAfter.parameter, .bool(!forList)]
        )
    }

    private static let workflows = Statement("tower workflows", file: PackageResources.tower_workflows_sql)

    /// The configuration of a run; nil when nobody has told it.
    func fetchConfiguration(of run: UUID128) throws -> String? {
        try runs.fetchTower(of: run, withConfiguration: true)?.optionalText("config_text")
    }

    /// The quartiles that the end of a run tells, as JSON; nil when nobody has told them.
    func fetchMetrics(of run: UUID128) throws -> [UInt8]? {
        try runs.fetchTower(of: run)?.optionalUTF8("metrics")
    }

    /// The tasks of a run by process and state; `workflow` is its row of `fetchWorkflows`.
    func fetchProgress(of workflow: Row) throws -> QueryResult {
        let settlement = try TaskSettlement(workflow)
        return try connection.execute(
            Self.progress,
            [.uuid(try workflow.uuid("run_key")), settlement.parameter]
        )
    }

    private static let progress = Statement("tower progress", file: PackageResources.tower_progress_sql)

    // MARK: - Runs

    /// The keys of a page of runs, the newest first; one more than the limit when there are more.
    func fetchKeys(_ query: TowerRunQuery) throws -> [UUID128] {
        var conditions = SQLConditions()
        let (most, overflow) = query.offset.addingReportingOverflow(Int64(query.limit) + 1)
        let runs = Self.found(by: query, atMost: overflow ? .max : most, &conditions)
        let limit = conditions.place(.int(query.limit + 1))
        let offset = conditions.place(.int64(query.offset))
        let statement = Statement(
            "tower runs page",
            """
            SELECT run_key FROM (\(runs)) r
            ORDER BY first_utc DESC, run_key DESC
            LIMIT \(limit)::bigint OFFSET \(offset)::bigint
            """
        )
        return try connection.execute(statement, conditions.parameters).map { try $0.uuid("run_key") }
    }

    /// How many runs the pages of a query have; no more than `mostCounted` are counted.
    func fetchTotal(_ query: TowerRunQuery) throws -> Int64 {
        var conditions = SQLConditions()
        let runs = Self.found(by: query, atMost: Int64(Self.mostCounted), &conditions)
        let limit = conditions.place(.int(Self.mostCounted))
        let statement = Statement(
            "tower runs total",
            "SELECT count(*) AS total FROM (SELECT FROM (\(runs)) r LIMIT \(limit)::bigint) c"
        )
        return try connection.execute(statement, conditions.parameters).first?.int64("total") ?? 0
    }

    /// The runs of a query. Each name that is searched has an index of its own.
    private static func found(
        by query: TowerRunQuery,
        atMost most: Int64,
        _ conditions: inout SQLConditions
    ) -> String {
        let walk = "(SELECT * FROM run ORDER BY first_utc DESC, run_key DESC LIMIT \(mostWalked)) r"
        var tables = query.search?.beginning.isEmpty == true ? walk : "run r"
        if let workspace = query.workspaceID {
            tables += " JOIN run_tower t USING (run_key)"
            conditions.require("t.workspace_id", equals: .int64(workspace))
        }
        guard let search = query.search else {
            return "SELECT r.run_key, r.first_utc FROM \(tables) WHERE \(conditions.text)"
        }
        let pattern = "lower(\(conditions.place(.text(search.pattern))) COLLATE \"C\")"
        let beginning =
            search.beginning.isEmpty
            ? nil : "lower(\(conditions.place(.text(search.beginning))) COLLATE \"C\")"
        let limit = conditions.place(.int64(most))
        return ["run_name", "project_name"].map { column in
            var found = conditions
            let name = "lower(r.\(column))"
            found.require("\(name) LIKE \(pattern)")
            if let beginning {
                found.require("\(name) >= \(beginning) AND \(name) < \(beginning) || '\u{10FFFF}'")
            }
            return """
                (
                    SELECT r.run_key, r.first_utc FROM \(tables) WHERE \(found.text)
                    ORDER BY r.first_utc DESC, r.run_key DESC
                    LIMIT \(limit)::bigint
                )
                """
        }.joined(separator: " UNION ")
    }
}
