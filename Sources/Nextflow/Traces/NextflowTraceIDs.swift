internal import Core
package import OpenTelemetry

/// The ids by which a run is a trace: made of what Nextflow sent, so that the same run always has the same ones.
package struct NextflowTraceIDs: Hashable, Sendable {
    /// The trace of a session. Runs that resume it have its run id, and so its trace.
    package let trace: TraceID
    private let runName: String

    /// Makes the ids of a run. A run id that is a UUID in lower case, as Nextflow's are, is the trace id; another one is
    /// digested, as `has_foreign_trace` and `derived_trace` do in SQL.
    package init(runID: String, runName: String) {
        let uuid = UUID128(runID).flatMap { $0.description == runID ? TraceID(bytes: $0.bytes) : nil }
        trace = uuid ?? .derived("nextflow", runID)
        self.runName = runName
    }

    /// The span of the whole run: of its first execution.
    package var run: SpanID { .derived(in: trace, "run/\(runName)") }

    /// The span of an execution; `index` counts from 0 in the order of their starts.
    func execution(_ index: Int, start: Timestamp?) -> SpanID {
        guard index > 0 else { return run }
        return .derived(in: trace, "run/\(runName)/\(start?.microseconds ?? 0)")
    }

    /// The span of an attempt of a task, from its submission to its end.
    func attempt(taskID: String, hash: String) -> SpanID {
        .derived(in: trace, "task/\(runName)/\(taskID)/\(hash)")
    }

    /// The part of an attempt in which it waited in a queue.
    func queued(taskID: String, hash: String) -> SpanID {
        .derived(in: trace, "queued/\(runName)/\(taskID)/\(hash)")
    }

    /// The part of an attempt in which it was executed.
    func executed(taskID: String, hash: String) -> SpanID {
        .derived(in: trace, "executed/\(runName)/\(taskID)/\(hash)")
    }
}
