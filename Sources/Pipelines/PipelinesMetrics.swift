internal import Core
internal import Ingest
package import Metrics

/// Counters of pipelines that this process has taken and loaded. Contract pipelogiq §5: its nine names, without labels
/// and from 0; and labelled ones with the prefix `pipelogiq_`.
package struct PipelinesMetrics: Sendable {
    private let published: Counter
    private let resultProcessed: Counter
    private let resultsFailed: Counter
    private let statusUpdated: Counter
    private let pendingFailed: Counter
    private let pipelinesCreated: Counter
    private let pipelinesEnded: MetricFamily<Counter>
    private let durations: MetricFamily<Histogram>
    /// Trace contexts that came with pipelines.
    let contexts: TraceContextCounters

    /// The bounds of the durations of stages, in seconds.
    private static let bounds = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400]
    /// The most combinations of names; the others are one series.
    private static let mostSeries = 200

    /// Registers the families.
    package init(registry: Registry) {
        contexts = TraceContextCounters("pipelines", registry: registry)
        published = registry.counter("stage_published_total", help: "Jobs of stages that were handed out.")
        resultProcessed = registry.counter(
            "stage_result_processed_total",
            help: "Results of stages that were handled, ignored duplicates included."
        )
        resultsFailed = registry.counter(
            "stage_result_failed_total",
            help: "Results of stages that PostgreSQL refused."
        )
        statusUpdated = registry.counter(
            "stage_status_updated_total",
            help: "Messages about the status of a stage that were handled."
        )
        pendingFailed = registry.counter(
            "pending_marked_failed_total",
            help: "Stages that failed since no worker took them up in time."
        )
        pipelinesCreated = registry.counter("ext_pipeline_created_total", help: "Pipelines that were made.")
        // Weir hands out no jobs: these are there for dashboards.
        _ = registry.counter("ext_stage_jobs_pulled_total", help: "Jobs that workers pulled.")
        _ = registry.counter("ext_stage_jobs_acked_total", help: "Jobs that workers acknowledged.")
        _ = registry.counter("ext_stage_jobs_nacked_total", help: "Jobs that workers gave back.")
        pipelinesEnded = registry.counterFamily(
            "pipelogiq_pipelines_total",
            help: "Pipelines that ended, by status.",
            labels: ["status"]
        )
        for status in [PipelineStatus.completed, .failed] { _ = pipelinesEnded.child(status.rawValue) }
        durations = registry.histogramFamily(
            "pipelogiq_stage_duration_seconds",
            help: "How long attempts of stages took, by how they ended.",
            labels: ["pipeline", "stage", "handler", "status"],
            bounds: Self.bounds,
            limit: Self.mostSeries
        )
    }

    func created() { pipelinesCreated.increment() }
    func resultFailed() { resultsFailed.increment() }

    /// Counts a line that is committed.
    func loaded(_ element: PipelineElement) {
        guard case .stage(let report) = element.word else { return }
        if let status = element.ended { pipelinesEnded.child(status.rawValue).increment() }
        switch report.change {
        case .result: resultProcessed.increment()
        case .status: statusUpdated.increment()
        case .dispatched, .rerun, .skip, .expired: break
        }
        for step in element.changes {
            switch step.change {
            case .dispatched: published.increment()
            case .expired: pendingFailed.increment()
            case .result, .status, .rerun, .skip: break
            }
            observe(step)
        }
    }

    private func observe(_ step: StageStep) {
        let stage = step.stage
        guard stage.status.isOver || stage.status == .retryScheduled, let start = stage.startedAt,
            let end = stage.finishedAt
        else { return }
        let seconds = max(0, (end - start) / .seconds(1))
        durations.child(step.pipelineName, stage.name, step.handler ?? "", stage.status.rawValue).observe(
            seconds
        )
    }
}
