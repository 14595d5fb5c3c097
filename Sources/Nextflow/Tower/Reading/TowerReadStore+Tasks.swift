internal import Core
internal import Ingest
internal import Postgres

extension TowerReadStore {
    /// A run whose tasks are read.
    struct TaskSource {
        let run: UUID128
        let settlement: TaskSettlement
        /// The ids under which Tower's client tells of it, and when its first and its last call arrived.
        let workflowIDs: [String]
        let arrived: ClosedRange<Timestamp>
    }

    /// What is needed to read the tasks of a run; nil when there is no such run.
    func fetchTaskSource(of run: UUID128) throws -> TaskSource? {
        guard let row = try fetchWorkflows([run]).first else { return nil }
        let ids = try connection.execute(
            Statement("workflows of a run", "SELECT workflow_id FROM tower_workflow WHERE run_key = $1"),
            [.uuid(run)]
        ).map { try $0.text("workflow_id") }
        let (first, last) = (try row.timestamp("first_received_at"), try row.timestamp("last_received_at"))
        return TaskSource(
            run: run,
            settlement: try TaskSettlement(row),
            workflowIDs: ids,
            arrived: first...last
        )
    }

    /// The tasks of a page, each with what Tower's client sent of it, in `sent`.
    func tasks(of source: TaskSource, _ query: TowerTaskQuery) -> PageRows {
        var conditions = Self.conditions(source, query)
        let limit = conditions.place(.int(query.limit))
        let offset = conditions.place(.int64(query.offset))
        return page(source, conditions, query, "LIMIT \(limit)::bigint OFFSET \(offset)::bigint")
    }

    /// The attempt of a task that was told last; no rows when there is none.
    func task(_ taskID: String, of source: TaskSource) -> PageRows {
        var conditions = SQLConditions()
        conditions.require("run_key", equals: .uuid(source.run))
        conditions.require("task_number", equals: .int64(Int64(taskID) ?? -1))
        conditions.require("task_id", equals: .text(indexable(taskID)))
        return page(source, conditions, nil, "LIMIT 1")
    }

    /// How many tasks the pages of a query have.
    func fetchTaskTotal(of source: TaskSource, _ query: TowerTaskQuery) throws -> Int64 {
        let conditions = Self.conditions(source, query)
        let statement = Statement(
            "tower tasks total",
            "SELECT count(*) AS total FROM task WHERE \(conditions.text)"
        )
        return try connection.execute(statement, conditions.parameters).first?.int64("total") ?? 0
    }

    // MARK: - Statements

    private static func conditions(_ source: TaskSource, _ query: TowerTaskQuery) -> SQLConditions {
        var conditions = SQLConditions()
        conditions.require("run_key", equals: .uuid(source.run))
        if let search = query.search {
            let pattern = "lower(\(conditions.place(.text(search.pattern))) COLLATE \"C\")"
            let status = status(&conditions, source)
            let texts = ["name", "process", "tag", "hash", status]
            conditions.require(texts.map { "lower(\($0)) LIKE \(pattern)" }.joined(separator: " OR "))
        }
        return conditions
    }

    /// The order of a page; without a query the attempt that was told last comes first.
    private static func order(_ query: TowerTaskQuery?, _ status: String) -> String {
        guard let query else { return "last_utc DESC, hash DESC" }
        let direction = query.isDescending ? "DESC" : "ASC"
        let identity = ["task_number", "task_id", "hash"].map { "\($0) \(direction)" }.joined(separator: ", ")
        guard query.sortedBy != "task_number" else { return identity }
        let column = query.sortedBy == "status" ? status : query.sortedBy
        return "\(column) \(direction) NULLS LAST, \(identity)"
    }

    /// The status as Tower's words have it, which know no unknown one: a settled open task counts as aborted.
    private static func status(_ conditions: inout SQLConditions, _ source: TaskSource) -> String {
        let settled = TaskSettlement.settled(conditions.place(source.settlement.parameter))
        return """
            CASE
                WHEN \(TaskSettlement.open) AND \(settled) THEN 'ABORTED'
                WHEN completed AND status_rank < 4 THEN 'COMPLETED'
                WHEN status_rank > 0 THEN task_status(status_rank)
                WHEN started THEN 'RUNNING'
                WHEN submitted THEN 'SUBMITTED'
                ELSE 'NEW'
            END
            """
    }

    /// Reads the keys of a page first, without their rows; then its rows, and each call that told one of them once.
    private func page(
        _ source: TaskSource,
        _ conditions: SQLConditions,
        _ query: TowerTaskQuery?,
        _ limit: String
    ) -> PageRows {
        var conditions = conditions
        let found = conditions.text
        let status = Self.status(&conditions, source)
        let order = Self.order(query, status)
        let ids = conditions.place(.textArray(source.workflowIDs))
        let first = conditions.place(.timestamp(source.arrived.lowerBound))
        let last = conditions.place(.timestamp(source.arrived.upperBound))
        let run = conditions.place(.uuid(source.run))
        let tasks =
            "CASE WHEN jsonb_typeof(b.body #> '{body,tasks}') = 'array' THEN b.body #> '{body,tasks}' END"
        let statement = Statement(
            "tower tasks",
            """
            WITH page AS MATERIALIZED (
                SELECT task_number, task_id, hash
                FROM task
                WHERE \(found)
                ORDER BY \(order)
                \(limit)
            ), rows AS MATERIALIZED (
                SELECT t.* FROM page JOIN task t USING (task_number, task_id, hash) WHERE t.run_key = \(run)
            ), calls AS MATERIALIZED (
                SELECT DISTINCT tower_told FROM rows WHERE tower_told IS NOT NULL
            ), sent AS MATERIALIZED (
                SELECT DISTINCT ON (tower_told, task_id, hash)
                    c.tower_told, e.value ->> 'taskId' AS task_id, coalesce(e.value ->> 'hash', '') AS hash,
                    e.value AS task
                FROM calls c
                JOIN tower_call b
                    ON b.workflow_id = ANY (\(ids)::text[])
                   AND b.received_at = \(TowerTold.receivedAt("c.tower_told"))
                CROSS JOIN LATERAL jsonb_array_elements(\(tasks)) e (value)
                WHERE b.received_at BETWEEN \(first)::timestamptz AND \(last)::timestamptz
                  AND e.value ->> 'taskId' IN (SELECT task_id FROM page)
                ORDER BY
                    tower_told, task_id, hash,
                    e.value ->> 'status' = \(TowerTold.status("c.tower_told")) DESC NULLS LAST, b.seq DESC
            )
            SELECT
                rows.*, \(status) AS status, nullif(rows.hash, '') AS task_hash, sent.task::text AS sent
            FROM rows
            LEFT JOIN sent USING (tower_told, task_id, hash)
            ORDER BY \(order)
            """
        )
        return PageRows(connection: connection, statement: statement, parameters: conditions.parameters)
    }
}
