internal import Core
internal import Postgres

/// The two COPYs of a batch: raw rows, and the staging table that every merge reads.
extension NextflowApplyStore {
    private static let copyTelemetry = Statement(
        "copy_telemetry",
        """
        COPY telemetry
            (id, run_id, run_name, event, utc_time, metadata_, trace, received_at, journal_id, seq, run_key,
             is_resend, altered)
        FROM STDIN (FORMAT binary)
        """
    )
    private static let copyStage = Statement(
        "copy_stage_event",
        """
        COPY stage_event
            (telemetry_id, run_key, run_id, run_name, event, utc_time, received_at, digest,
             workflow_start, complete_at, run_duration_ms, success, exit_status, error_message, error_report,
             resume, user_name, project_name, parameters, workflow, manifest, stats,
             completion_key, task_number, task_id, hash, process, name, tag, status, status_rank, attempt, exit,
             error_action, submit_at, start_at, task_complete_at, native_id, queue, container, workdir, hostname,
             duration_ms, realtime_ms, cpus, memory, disk, time_ms, pct_cpu, pct_mem, rss, vmem, peak_rss,
             peak_vmem, rchar, wchar, read_bytes, write_bytes)
        FROM STDIN (FORMAT binary)
        """
    )

    /// Stores the raw rows.
    static func insertTelemetry(_ elements: [NextflowElement], on connection: Connection) throws {
        let bytes = elements.reduce(0) { $0 + $1.event.metadata.count + $1.event.trace.count + 256 }
        var rows = BinaryCopyBuffer(columnCount: 13, reservingBytes: bytes)
        for element in elements {
            let event = element.event
            rows.beginRow()
            rows.append(int8: element.telemetryID)
            rows.append(text: event.runID)
            rows.append(text: event.runName)
            rows.append(text: event.event)
            rows.append(timestamp: event.utcTime)
            rows.append(jsonb: event.metadata)
            rows.append(jsonb: event.trace)
            rows.append(timestamp: event.receivedAt)
            rows.append(uuid: event.journalID)
            rows.append(int8: event.seq)
            rows.append(uuid: event.runKey)
            rows.append(bool: element.isResend)
            rows.append(bool: event.isAltered)
        }
        try connection.copyIn(copyTelemetry, rows)
    }

    /// Fills the staging table.
    static func stage(_ elements: [NextflowElement], on connection: Connection) throws {
        var rows = BinaryCopyBuffer(columnCount: 58, reservingBytes: elements.count * 700)
        for element in elements {
            let event = element.event
            rows.beginRow()
            rows.append(int8: element.telemetryID)
            rows.append(uuid: event.runKey)
            rows.append(text: indexable(event.runID))
            rows.append(text: indexable(event.runName))
            rows.append(text: indexable(event.event))
            rows.append(timestamp: event.utcTime)
            rows.append(timestamp: event.receivedAt)
            rows.append(uuid: event.digest)
            rows.append(workflow: event.workflow)
            rows.append(uuid: element.completionKey)
            rows.append(task: event.mergedTask)
        }
        try connection.copyIn(copyStage, rows)
    }
}

extension NextflowEvent {
    /// The trace, when this event tells of a task. `error` repeats the trace of the task that caused it.
    fileprivate var mergedTask: Trace? {
        isTaskEvent || event == EventName.error ? task : nil
    }
}

extension BinaryCopyBuffer {
    fileprivate mutating func append(workflow: WorkflowFacts?) {
        append(timestamp: workflow?.start)
        append(timestamp: workflow?.complete)
        append(int8: workflow?.durationMilliseconds)
        append(bool: workflow?.success)
        append(int8: workflow?.exitStatus)
        append(text: workflow?.errorMessage)
        append(text: workflow?.errorReport)
        append(bool: workflow?.resume)
        append(text: workflow?.userName)
        append(text: workflow?.projectName)
        append(jsonb: workflow?.parameters)
        append(jsonb: workflow?.workflow)
        append(jsonb: workflow?.manifest)
        append(jsonb: workflow?.stats)
    }

    fileprivate mutating func append(task: Trace?) {
        append(int8: task?.taskID.map { Int64($0) ?? -1 })
        append(text: task?.taskID)
        append(text: task?.hash)
        append(text: task?.process)
        append(text: task?.name)
        append(text: task?.tag)
        append(text: task?.status)
        append(int2: task.map { TaskStatus.rank($0.status) })
        append(int4: task?.attempt)
        append(text: task?.exit)
        append(text: task?.errorAction)
        append(timestamp: task?.submitAt)
        append(timestamp: task?.startAt)
        append(timestamp: task?.completeAt)
        append(text: task?.nativeID)
        append(text: task?.queue)
        append(text: task?.container)
        append(text: task?.workdir)
        append(text: task?.hostname)
        for value in TraceValues.all {
            append(float8: task?.values[keyPath: value])
        }
    }
}

/// The states of a task, in the order in which one replaces another. Contract §4.4: FAILED overrides everything, then
/// ABORTED.
enum TaskStatus {
    private static let ranks: [String: Int16] = [
        "NEW": 1, "SUBMITTED": 2, "RUNNING": 3, "CACHED": 4, "COMPLETED": 5, "ABORTED": 6, "FAILED": 7,
    ]

    /// The rank of a status, 0 for one that is unknown.
    static func rank(_ status: String?) -> Int16 {
        status.flatMap { ranks[$0] } ?? 0
    }
}
