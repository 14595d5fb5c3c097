internal import Core
internal import Ingest
internal import Postgres

extension NextflowRunStore {
    /// Tasks of a run by their number; one more than the limit when there are more.
    func tasks(
        of run: UUID128,
        _ query: RunTasksQuery,
        _ settlement: TaskSettlement
    ) -> PageRows {
        var conditions = SQLConditions()
        let status = TaskSettlement.status(settledBefore: conditions.place(settlement.parameter))
        conditions.require("run_key", equals: .uuid(run))
        if !query.statuses.isEmpty {
            let statuses = conditions.place(.textArray(query.statuses))
            conditions.require("\(status) = ANY (\(statuses)::text[])")
        }
        conditions.require("process", equals: query.process.map(Parameter.text))
        conditions.require("attempt", equals: query.attempt.map(Parameter.int64))
        if let part = query.nameContains {
            conditions.require("strpos(lower(name), lower(\(conditions.place(.text(part))))) > 0")
        }
        if let cursor = query.cursor {
            let number = conditions.place(.int64(cursor.number))
            let taskID = conditions.place(.text(cursor.taskID))
            let hash = conditions.place(.text(cursor.hash))
            conditions.require("(task_number, task_id, hash) > (\(number)::bigint, \(taskID), \(hash))")
        }
        let text = conditions.text
        let limit = conditions.place(.int(query.limit + 1))
        let statement = Statement(
            "run tasks",
            """
            SELECT
                task_number, task_id, hash AS task_hash, nullif(hash, '') AS hash,
                name, process, tag, \(status) AS status, attempt, exit, error_action,
                submit_at AS submit, start_at AS start, complete_at AS complete, first_utc, last_utc,
                duration_ms, realtime_ms, cpus, memory, disk, time_ms, pct_cpu, pct_mem,
                rss, vmem, peak_rss, peak_vmem, rchar, wchar, read_bytes, write_bytes,
                native_id, queue, container, workdir, hostname,
                executor, machine_type, cloud_zone, price_model, spot_interruptions
            FROM task
            WHERE \(text)
            ORDER BY task_number, task_id, hash
            LIMIT \(limit)::bigint
            """
        )
        return PageRows(connection: connection, statement: statement, parameters: conditions.parameters)
    }

    /// Raw events that arrived within bounds, in order of arrival; one more than the limit when there are more.
    ///
    /// The bounds are those of the run: they exclude the partitions of all other days.
    func events(
        of run: UUID128,
        arrived bounds: ClosedRange<Timestamp>,
        _ query: RunEventsQuery
    ) -> PageRows {
        var conditions = SQLConditions()
        conditions.require("run_key", equals: .uuid(run))
        let first = conditions.place(.timestamp(bounds.lowerBound))
        let last = conditions.place(.timestamp(bounds.upperBound))
        conditions.require("received_at BETWEEN \(first)::timestamptz AND \(last)::timestamptz")
        conditions.require("event", equals: query.event.map(Parameter.text))
        let (comparison, direction) = query.order == .oldest ? (">", "ASC") : ("<", "DESC")
        if let cursor = query.cursor {
            let time = conditions.place(.timestamp(cursor.receivedAt))
            let id = conditions.place(.int64(cursor.id))
            conditions.require("(received_at, id) \(comparison) (\(time)::timestamptz, \(id)::bigint)")
        }
        let text = conditions.text
        let limit = conditions.place(.int(query.limit + 1))
        let statement = Statement(
            "run events",
            """
            SELECT id, event, utc_time, received_at, is_resend, altered, metadata_ AS metadata, trace
            FROM telemetry
            WHERE \(text)
            ORDER BY received_at \(direction), id \(direction)
            LIMIT \(limit)::bigint
            """
        )
        return PageRows(connection: connection, statement: statement, parameters: conditions.parameters)
    }
}

/// The rows of a page, which may be too large to be read at once.
struct PageRows {
    let connection: Connection
    let statement: Statement
    let parameters: [Parameter]

    /// Reads row by row for as long as `body` returns true.
    func read(_ body: (Row) throws -> Bool) throws {
        try connection.forEachRow(of: statement, parameters, body)
    }
}
