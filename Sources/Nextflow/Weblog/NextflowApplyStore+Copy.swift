internal import Core
internal import Ingest
internal import Postgres

/// The two COPYs of a batch: the raw rows, and the staging table that every merge reads.
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
            (telemetry_id, run_key, run_id, run_name, event, utc_time, received_at, digest, is_tower,
             workflow_start, complete_at, run_duration_ms, success, exit_status, error_message, error_report,
             resume, user_name, project_name, parameters, workflow, manifest, stats,
             completion_key, task_number, task_id, hash, process, name, tag, status, status_rank, attempt, exit,
             error_action, submit_at, start_at, task_complete_at, native_id, queue, container, workdir, hostname,
             duration_ms, realtime_ms, cpus, memory, disk, time_ms, pct_cpu, pct_mem, rss, vmem, peak_rss,
             peak_vmem, rchar, wchar, read_bytes, write_bytes,
             submitted, started, executor, machine_type, cloud_zone, price_model, spot_interruptions,
             tower_told)
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
        var rows = BinaryCopyBuffer(columnCount: 67, reservingBytes: elements.count * 700)
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
            rows.append(bool: event.isTower)
            rows.append(workflow: event.workflow)
            rows.append(uuid: element.completionKey)
            rows.append(taskOf: event)
        }
        try connection.copyIn(copyStage, rows)
    }
}

extension BinaryCopyBuffer {
    fileprivate mutating func append(workflow: WorkflowFacts?) {
        guard let workflow else {
            for _ in 0..<Self.workflowColumns { appendNull() }
            return
        }
        // A timestamptz is a number of microseconds, and the least of them is -infinity.
        if workflow.isReconstructed { append(int8: .min) } else { append(timestamp: workflow.start) }
        append(timestamp: workflow.complete)
        append(int8: workflow.durationMilliseconds)
        append(bool: workflow.success)
        append(int8: workflow.exitStatus)
        append(text: workflow.errorMessage)
        append(text: workflow.errorReport)
        append(bool: workflow.resume)
        append(text: workflow.userName)
        append(text: workflow.projectName)
        append(jsonb: workflow.parameters)
        append(jsonb: workflow.workflow)
        append(jsonb: workflow.manifest)
        append(jsonb: workflow.stats)
    }

    private static let workflowColumns = 14

    /// The trace of an event of a task. `error` repeats the trace of the task that caused it. It is read in place,
    /// field by field: a copy costs a reference count for each of its texts.
    fileprivate mutating func append(taskOf event: NextflowEvent) {
        guard event.task != nil, event.isTaskEvent || event.event == EventName.error else {
            for _ in 0..<Self.taskColumns { appendNull() }
            return
        }
        append(int8: event.task?.taskID.map { Int64($0) ?? -1 })
        append(text: event.task?.taskID)
        append(text: event.task?.hash)
        append(text: event.task?.process)
        append(text: event.task?.name)
        append(text: event.task?.tag)
        append(text: event.task?.status)
        append(int2: TaskStatus.rank(event.task?.status))
        append(int4: event.task?.attempt)
        append(text: event.task?.exit)
        append(text: event.task?.errorAction)
        append(timestamp: event.task?.submitAt)
        append(timestamp: event.task?.startAt)
        append(timestamp: event.task?.completeAt)
        append(text: event.task?.nativeID)
        append(text: event.task?.queue)
        append(text: event.task?.container)
        append(text: event.task?.workdir)
        append(text: event.task?.hostname)
        append(values: event.task?.values ?? TraceValues())
        append(bool: event.tellsSubmission)
        append(bool: event.tellsStart)
        append(text: event.task?.executor)
        append(text: event.task?.machineType)
        append(text: event.task?.cloudZone)
        append(text: event.task?.priceModel)
        append(int4: event.task?.spotInterruptions)
        append(int8: event.towerTold)
    }

    private static let taskColumns = 43

    private mutating func append(values: TraceValues) {
        append(float8: values.durationMilliseconds)
        append(float8: values.realtimeMilliseconds)
        append(float8: values.cpus)
        append(float8: values.memory)
        append(float8: values.disk)
        append(float8: values.timeMilliseconds)
        append(float8: values.percentCPU)
        append(float8: values.percentMemory)
        append(float8: values.rss)
        append(float8: values.vmem)
        append(float8: values.peakRSS)
        append(float8: values.peakVmem)
        append(float8: values.rchar)
        append(float8: values.wchar)
        append(float8: values.readBytes)
        append(float8: values.writeBytes)
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

    /// The name of the status in responses; `UNKNOWN` for any other.
    static func word(_ status: String?) -> String {
        guard let status, ranks[status] != nil else { return "UNKNOWN" }
        return status
    }
}
