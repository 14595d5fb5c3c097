package import Core
package import Postgres

/// Attempts of one stage of one pipeline in a window.
package struct StageGroup: Hashable, Sendable {
    package let pipeline: String
    package let stage: String
    package let count: Int64
    package let failed: Int64
    /// The sum of the retries of all.
    package let retries: Int64
    /// The sum of the durations, in milliseconds.
    package let sumMs: Double
    /// Nearest-rank percentiles of the durations, in milliseconds.
    package let p50: Int64
    package let p95: Int64
    package let p99: Int64

    /// Makes a group.
    package init(
        pipeline: String,
        stage: String,
        count: Int64,
        failed: Int64,
        retries: Int64,
        sumMs: Double,
        p50: Int64,
        p95: Int64,
        p99: Int64
    ) {
        self.pipeline = pipeline
        self.stage = stage
        self.count = count
        self.failed = failed
        self.retries = retries
        self.sumMs = sumMs
        self.p50 = p50
        self.p95 = p95
        self.p99 = p99
    }
}

/// How many pipelines a window has.
package struct PipelineTotals: Hashable, Sendable {
    package var total: Int64
    package var failed: Int64

    /// Makes totals.
    package init(total: Int64, failed: Int64) {
        self.total = total
        self.failed = failed
    }
}

/// What happened in one bucket of a series.
package struct InsightBucket: Hashable, Sendable {
    package var pipelinesCreated: Int64 = 0
    package var pipelinesCompleted: Int64 = 0
    package var pipelinesFailed: Int64 = 0
    package var stagesCompleted: Int64 = 0
    package var stagesFailed: Int64 = 0
    /// Of the durations of stages that ended here, in milliseconds.
    package var p50: Int64 = 0
    package var p95: Int64 = 0
    /// Whether the percentiles are of the newest of them only.
    package var isSampled = false

    /// An empty one.
    package init() {}

    /// With another source's: percentiles cannot be added, so that those of the source with more stages stay.
    package mutating func add(_ other: InsightBucket) {
        if other.stagesCompleted + other.stagesFailed > stagesCompleted + stagesFailed {
            (p50, p95, isSampled) = (other.p50, other.p95, other.isSampled)
        }
        pipelinesCreated += other.pipelinesCreated
        pipelinesCompleted += other.pipelinesCompleted
        pipelinesFailed += other.pipelinesFailed
        stagesCompleted += other.stagesCompleted
        stagesFailed += other.stagesFailed
    }
}

/// What a list of traces asks for. Contract pipelogiq §2.4.
package struct TraceQuery: Sendable {
    /// What an execution is doing.
    package enum Status: String, CaseIterable, Sendable {
        case success, error, running
    }

    /// Part of the name or of the trace id, or the number.
    package var search: String?
    package var status: Status?
    package var since: Timestamp?
    /// Only older ones than the row with this time and number.
    package var before: (at: Timestamp, id: Int64)?
    package var application: Int64?
    package var limit = 50

    /// Asks for the newest.
    package init() {}
}

/// An execution as a trace.
package struct TraceRow: Hashable, Sendable {
    /// Empty for none.
    package let traceID: String
    /// The number of a pipeline; 0 of what has none.
    package let executionID: Int64
    /// The id of what is no pipeline: a run's.
    package let runID: String?
    package let name: String
    package let status: TraceQuery.Status
    package let durationMs: Int64
    package let spans: Int64
    package let at: Timestamp

    /// Makes a row.
    package init(
        traceID: String,
        executionID: Int64,
        runID: String?,
        name: String,
        status: TraceQuery.Status,
        durationMs: Int64,
        spans: Int64,
        at: Timestamp
    ) {
        self.traceID = traceID
        self.executionID = executionID
        self.runID = runID
        self.name = name
        self.status = status
        self.durationMs = durationMs
        self.spans = spans
        self.at = at
    }
}

/// Something whose executions insights and traces cover: pipelines, Nextflow runs, tracked runs. All methods run on the
/// connection's queue and throw `PostgresError`; each reads at most what the limits allow, the newest, through an index.
package protocol InsightSource: Sendable {
    /// Its word in the parameter `source`.
    var name: String { get }
    /// Attempts that began since then, by pipeline and stage; those that run count with their age.
    func stageGroups(since: Timestamp, now: Timestamp, _ limits: InsightLimits, on connection: Connection)
        throws -> Capped<[StageGroup]>
    /// Pipelines that were made since then.
    func totals(since: Timestamp, _ limits: InsightLimits, on connection: Connection) throws -> Capped<
        PipelineTotals
    >
    /// One element for each bucket.
    func series(_ buckets: InsightBuckets, _ limits: InsightLimits, on connection: Connection) throws
        -> InsightSeries
    /// The newest executions, the newest first.
    func traces(_ query: TraceQuery, now: Timestamp, _ limits: InsightLimits, on connection: Connection)
        throws
        -> Capped<[TraceRow]>
}
