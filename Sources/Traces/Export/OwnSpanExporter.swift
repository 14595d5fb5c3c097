internal import Logging
internal import OTLPClient
internal import OpenTelemetry

/// Sends the spans of this process: of requests and of batches. What waits is bounded by the recorder.
final class OwnSpanExporter: Sendable {
    let recorder: SpanRecorder
    let resource: [Attribute]
    /// How many spans a request has at most.
    let batch: Int
    /// How often spans are sent, unless a batch is full before.
    let interval: Duration
    let send: SpanSending
    let metrics: TracesMetrics
    let logger: Logger

    private static let pause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(60)
    private static let scope = SpanBatch.Scope(name: "weir")

    init(
        recorder: SpanRecorder,
        resource: [Attribute],
        batch: Int,
        interval: Duration,
        send: @escaping SpanSending,
        metrics: TracesMetrics,
        logger: Logger
    ) {
        self.recorder = recorder
        self.resource = resource
        self.batch = batch
        self.interval = interval
        self.send = send
        self.metrics = metrics
        self.logger = logger
    }

    /// Runs until the task is cancelled, and then sends what is left, once.
    func run() async {
        var sentAt = ContinuousClock.now
        while !Task.isCancelled {
            if recorder.count >= batch || ContinuousClock.now - sentAt >= interval {
                await flush()
                sentAt = .now
            }
            metrics.dropped(recorder.takeDropped())
            try? await Task.sleep(for: .milliseconds(100))
        }
        let last = recorder.take(atMost: batch)
        // A cancelled task would send nothing.
        if !last.isEmpty { await Task { _ = await attempt(last) }.value }
    }

    /// Sends what waits, and then what has become a batch meanwhile. The few that came while one was sent wait for more: a
    /// busy server would send requests of some spans each, one after the other.
    private func flush() async {
        repeat {
            let spans = recorder.take(atMost: batch)
            guard !spans.isEmpty else { return }
            var pause = Self.pause
            while let after = await attempt(spans) {
                // The recorder takes what comes meanwhile, and drops what does not fit.
                try? await Task.sleep(for: max(after, pause))
                if Task.isCancelled { return metrics.dropped(spans.count) }
                metrics.dropped(recorder.takeDropped())
                pause = min(pause * 2, Self.longestPause)
            }
        } while recorder.count >= batch && !Task.isCancelled
    }

    /// Sends spans once; returns after which pause to try again, nil when they are gone.
    private func attempt(_ spans: [Span]) async -> Duration? {
        switch await send([SpanBatch(resource: resource, scope: Self.scope, spans: spans)]) {
        case .accepted(let rejected, _):
            metrics.sent(spans.count, rejected: Int(clamping: rejected))
            return nil
        case .refused(let why):
            metrics.sent(spans.count, rejected: spans.count)
            logger.warning("the collector refused spans", metadata: ["why": "\(why)"])
            return nil
        case .retry(let after, let why):
            metrics.retried()
            logger.debug("the collector does not take spans now", metadata: ["why": "\(why)"])
            return after ?? .zero
        }
    }
}
