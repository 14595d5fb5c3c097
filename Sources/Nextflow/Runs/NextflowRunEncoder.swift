internal import API
internal import Core
internal import Postgres

/// The responses about runs.
enum NextflowRunEncoder {
    /// A list of runs with the cursor of the next page.
    static func runs(_ rows: QueryResult, limit: Int) throws -> [UInt8] {
        try list("runs", rows, limit: limit) { row in
            RunCursor(firstUTC: try row.timestamp("first_utc"), runKey: try row.uuid("run_key")).page
        }
    }

    /// All runs that share a run id.
    static func runs(ofID id: String, _ rows: QueryResult) throws -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 4096)
        try writer.object { answer in
            answer.member("run_id", id)
            try answer.array("runs") { list in
                for row in rows { try list.object { object in try write(run: row, to: &object) } }
            }
        }
        return writer.bytes
    }

    /// The rows of the response about one run.
    struct Detail {
        let run: Row
        let segments: QueryResult
        let taskCounts: QueryResult
        /// What only Tower's client tells; nil when it tells nothing.
        let tower: Row?
    }

    /// One run with the facts of its latest execution.
    static func detail(_ detail: Detail) throws -> [UInt8] {
        let ids = try ids(detail.run)
        var writer = JSONWriter(reservingCapacity: 16384)
        try writer.object { answer in
            try write(run: detail.run, to: &answer)
            try counts(detail.taskCounts, &answer)
            if let row = detail.tower {
                try answer.object("tower") { object in try tower.write(row, to: &object) }
            } else {
                answer.null("tower")
            }
            if let latest = detail.segments.last {
                try told.write(latest, to: &answer)
            } else {
                told.writeNulls(to: &answer)
            }
            try answer.array("segments") { list in
                for (index, row) in detail.segments.enumerated() {
                    try list.object { object in try write(segment: row, index, of: ids, to: &object) }
                }
            }
        }
        return writer.bytes
    }

    /// The configuration of a run, a text in Nextflow's own language.
    static func configuration(_ text: String) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: text.utf8.count + 64)
        writer.object { $0.member("config", text) }
        return writer.bytes
    }

    /// Tasks of a run with the cursor of the next page.
    static func tasks(_ rows: PageRows, of ids: NextflowTraceIDs, limit: PageLimit) throws -> [UInt8] {
        try list(
            "tasks",
            rows,
            limit,
            { try write(task: $0, of: ids, to: &$1) },
            cursor: { row in
                let number = try row.int64("task_number")
                let taskID = try row.text("task_id")
                return TaskCursor(number: number, taskID: taskID, hash: try row.text("task_hash")).page
            }
        )
    }

    /// Raw events of a run with the cursor of the next page.
    static func events(_ rows: PageRows, limit: PageLimit) throws -> [UInt8] {
        try list(
            "events",
            rows,
            limit,
            { try event.write($0, to: &$1) },
            cursor: { row in
                EventCursor(receivedAt: try row.timestamp("received_at"), id: try row.int64("id")).page
            }
        )
    }

    // MARK: - Parts

    private static func list(
        _ name: String,
        _ rows: QueryResult,
        limit: Int,
        cursor: (Row) throws -> PageCursor
    ) throws -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 16384)
        try writer.object { answer in
            try answer.array(name) { list in
                for row in rows.prefix(limit) {
                    try list.object { object in try write(run: row, to: &object) }
                }
            }
            answer.member("next_cursor", rows.count > limit ? try cursor(rows[limit - 1]).text : nil)
        }
        return writer.bytes
    }

    /// Writes a page while its rows are read, each by `write`. When the limit ends it, it has a cursor.
    private static func list(
        _ name: String,
        _ rows: PageRows,
        _ limit: PageLimit,
        _ write: (Row, inout JSONWriter) throws -> Void,
        cursor: (Row) throws -> PageCursor
    ) throws -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 16384)
        var (shown, last, hasMore) = (0, Row?.none, false)
        try writer.object { answer in
            try answer.array(name) { list in
                try rows.read { row in
                    hasMore = limit.isReached(rows: shown, bytes: list.bytes.count)
                    if hasMore { return false }
                    try list.object { object in try write(row, &object) }
                    (shown, last) = (shown + 1, row)
                    return true
                }
            }
            answer.member("next_cursor", hasMore ? try last.map { try cursor($0).text } : nil)
        }
        return writer.bytes
    }

    private static func counts(_ rows: QueryResult, _ object: inout JSONWriter) throws {
        let counts = try rows.map { row in
            (status: try row.text("status"), tasks: try row.int64("tasks"))
        }
        let running = try rows.reduce(Int64(0)) { $0 + (try $1.int64("running")) }
        let queued = try rows.reduce(Int64(0)) { $0 + (try $1.int64("queued")) }
        let unknown = try rows.reduce(Int64(0)) { $0 + (try $1.int64("outcome_unknown")) }
        let total = counts.reduce(0) { $0 + $1.tasks }
        object.object("task_counts") { object in
            for count in counts { object.member(count.status, count.tasks) }
        }
        object.object("progress") { object in
            object.member("tasks", total)
            object.member("queued", queued)
            object.member("running", running)
            object.member("ended", total - queued - running)
            object.member("ended_pct", Percentage(total - queued - running, of: total)?.value)
            object.member("outcome_unknown", unknown)
        }
    }

    static let head = RowMembers([
        ("run_id", .text), ("run_name", .text), ("state", .text), ("user", .text), ("project", .text),
        ("source", .text),
        ("first_utc", .time), ("started_utc", .time), ("completed_utc", .time), ("last_utc", .time),
        ("duration_ms", .integer), ("success", .truth), ("error_message", .text), ("completions", .json),
    ])

    static let told = RowMembers([
        ("exit_status", .integer), ("error_report", .text), ("resume", .truth),
        ("parameters", .json), ("manifest", .json), ("workflow", .json), ("stats", .json),
    ])

    static let tower = RowMembers([
        ("workflow_id", .text), ("workspace_id", .integer), ("launched", .truth), ("process_names", .json),
        ("progress", .json), ("progress_at", .time), ("metrics", .json), ("dag", .json),
        ("containers", .json), ("config_bytes", .integer),
    ])

    static let segment = RowMembers([
        ("start", .time), ("started_utc", .time), ("completed_utc", .time), ("complete", .time),
        ("duration_ms", .integer), ("success", .truth), ("exit_status", .integer), ("error_message", .text),
        ("resume", .truth),
    ])

    static let task = RowMembers([
        ("task_id", .text), ("hash", .text), ("name", .text), ("process", .text), ("tag", .text),
        ("status", .text), ("attempt", .integer), ("exit", .text), ("error_action", .text),
        ("submit", .time), ("start", .time), ("complete", .time), ("first_utc", .time), ("last_utc", .time),
        ("duration_ms", .float), ("realtime_ms", .float), ("cpus", .float), ("memory", .float),
        ("disk", .float), ("time_ms", .float), ("pct_cpu", .float), ("pct_mem", .float), ("rss", .float),
        ("vmem", .float), ("peak_rss", .float), ("peak_vmem", .float), ("rchar", .float), ("wchar", .float),
        ("read_bytes", .float), ("write_bytes", .float), ("native_id", .text), ("queue", .text),
        ("container", .text), ("workdir", .text), ("hostname", .text), ("executor", .text),
        ("machine_type", .text), ("cloud_zone", .text), ("price_model", .text),
        ("spot_interruptions", .integer),
    ])

    static let event = RowMembers([
        ("id", .integer), ("event", .text), ("utc_time", .time), ("received_at", .time),
        ("is_resend", .truth),
        ("altered", .truth), ("metadata", .json), ("trace", .json),
    ])
}
