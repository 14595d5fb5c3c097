internal import Postgres

/// The completed tasks of a page.
struct CompletedTasksPage: Hashable, Sendable {
    let status: String?
    let offset: Int64

    /// An offset beyond `farthest` is replaced by `farthest`, which shows the same.
    init(status: String?, offset: Int64) {
        self.status = status
        self.offset = min(offset, Self.farthest)
    }

    private static let farthest: Int64 = 1 << 53
}

extension ProcessMetricsStore {
    /// The number of completed tasks on all pages.
    func countTasks(_ page: CompletedTasksPage) throws -> Int64 {
        try connection.execute(Self.taskCount, parameters + [.optional(page.status)]).first?.int64(0) ?? 0
    }

    private static let taskCount = Statement(
        "completed task count",
        """
        SELECT coalesce(sum(rows), 0)::bigint
        FROM completion_facts(
            $1::timestamptz, $2::timestamptz, $3::text, $4::text, only_executor => $5::text, only_machine_type => $6::text
        )
        WHERE $7::text IS NULL OR status = $7
        """
    )

    /// A page of completed tasks, the newest first; `total` is their number on all pages. The page ends early with
    /// the row with which it reaches `pageBytes`.
    func fetchTasks(_ page: CompletedTasksPage, of total: Int64, pageBytes: Int) throws -> [Row] {
        // Nothing comes after the last row, and a query would read everything before it to find that out.
        guard page.offset < total else { return [] }
        let source = TaskSource(query, page)
        // Planned for these values: a generic plan does not know the limit, would not use the order of an index, and
        // would read and sort all completions of a process for its newest fifty.
        var (rows, bytes) = ([Row](), 0)
        try connection.forEachRow(
            of: source.statement,
            parameters + [.optional(page.status), .int(query.limit), .int64(page.offset)]
        ) { row in
            rows.append(row)
            bytes += row.byteCount
            return bytes < pageBytes
        }
        return rows
    }
}

/// The source of a page of completed tasks, chosen so that an index provides the order.
private enum TaskSource {
    case everything
    /// Tasks that did not succeed are rare, and have an index by status.
    case unsuccessful
    case run
    /// The index has the attempt before the time: one ordered read for each attempt.
    case process

    init(_ query: ProcessMetricsQuery, _ page: CompletedTasksPage) {
        if query.runName != nil {
            self = .run
        } else if let status = page.status, status != "COMPLETED" {
            self = .unsuccessful
        } else if query.process != nil {
            self = .process
        } else {
            self = .everything
        }
    }

    var statement: Statement {
        switch self {
        case .everything: Self.everythingPage
        case .unsuccessful: Self.unsuccessfulPage
        case .run: Self.runPage
        case .process: Self.processPage
        }
    }

    private static let everythingPage = page(of: "SELECT * FROM completion WHERE \(filters)")
    private static let unsuccessfulPage = page(
        of: "SELECT * FROM completion WHERE status <> 'COMPLETED' AND status = $7 AND \(filters)"
    )
    private static let runPage = page(
        of: """
            SELECT completion.* FROM run JOIN completion USING (run_key)
            WHERE run.run_name = $3 AND \(filters)
            """
    )
    private static let processPage = page(
        of: """
            SELECT p.*
            FROM (SELECT DISTINCT attempt FROM completion_rollup WHERE process = $4 AND grain = 'year') AS a
            CROSS JOIN LATERAL (
                SELECT * FROM completion
                WHERE attempt = a.attempt AND process = $4 AND \(filters)
                ORDER BY utc_time DESC, run_key DESC, completion_key DESC
                LIMIT $8::bigint + $9::bigint
            ) p
            """
    )

    /// Only one source uses `$3`, the run name; the others mention it so that all take the same parameters.
    private static let filters = """
        utc_time >= coalesce($1::timestamptz, '-infinity')
        AND utc_time <= coalesce($2::timestamptz, 'infinity')
        AND ($4::text IS NULL OR process = $4) AND ($7::text IS NULL OR status = $7)
        AND ($5::text IS NULL OR executor = $5) AND ($6::text IS NULL OR machine_type = $6)
        """

    private static func page(of rows: String) -> Statement {
        Statement(
            "completed tasks",
            """
            SELECT
                c.telemetry_id, r.run_name, r.run_id, c.sample_id,
                NULL::text AS workflow_id, NULL::text AS workflow_version,
                c.utc_time, c.process, c.name, c.status, c.attempt, c.hash AS task_hash,
                CASE WHEN c.exit <> '<null>' THEN c.exit END AS exit_code,
                nullif(c.error_action, '') AS error_action,
                c.realtime_ms, c.cpus AS requested_cpus,
                round(c.memory::numeric / 1073741824, 4) AS requested_memory_gb,
                c.pct_cpu, c.pct_mem,
                round(c.peak_rss::numeric / 1073741824, 4) AS peak_rss_gb,
                round(c.rchar::numeric / 1073741824, 4) AS read_gb,
                round(c.wchar::numeric / 1073741824, 4) AS write_gb
            FROM (
                \(rows)
                ORDER BY utc_time DESC, run_key DESC, completion_key DESC
                LIMIT $8::bigint OFFSET $9::bigint
            ) c
            JOIN run r USING (run_key)
            WHERE $3::text IS NULL OR r.run_name = $3
            ORDER BY c.utc_time DESC, c.run_key DESC, c.completion_key DESC
            """
        )
    }
}
