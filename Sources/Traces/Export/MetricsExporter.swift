internal import Core
internal import Logging
internal import Metrics
internal import OTLPClient
internal import OpenTelemetry

/// A metric of OTLP; `Metrics` has a type of this name, too.
typealias OTLPMetric = OpenTelemetry.Metric

/// Sends what `/metrics` shows to a collector, at intervals: counters and histograms since the start of the process.
///
/// A request that the collector does not take is not repeated: the next one has the same counters, and newer gauges.
final class MetricsExporter: Sendable {
    let registry: Registry
    let resource: [Attribute]
    let interval: Duration
    let sender: OTLPSender
    let logger: Logger
    private let startedAt = Timestamp.now()
    private let requests: MetricFamily<Counter>

    init(
        registry: Registry,
        resource: [Attribute],
        interval: Duration,
        sender: OTLPSender,
        logger: Logger
    ) {
        self.registry = registry
        self.resource = resource
        self.interval = interval
        self.sender = sender
        self.logger = logger
        requests = registry.counterFamily(
            "weir_otlp_metric_requests_total",
            help: "Exports of metrics by what became of them: exported, or failed.",
            labels: ["outcome"]
        )
        for outcome in ["exported", "failed"] { _ = requests.child(outcome) }
    }

    /// Runs until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: interval)
            if Task.isCancelled { return }
            await export(at: .now())
        }
    }

    func export(at now: Timestamp) async {
        let metrics = Self.metrics(registry.snapshot(), from: startedAt, to: now)
        let batch = MetricBatch(resource: resource, scope: .init(name: "weir"), metrics: metrics)
        switch await sender.send(MetricsRequest.encode([batch])) {
        case .accepted(let rejected, let message):
            requests.child("exported").increment()
            if rejected > 0 {
                logger.warning(
                    "the collector rejected metrics",
                    metadata: ["points": "\(rejected)", "why": "\(message)"]
                )
            }
        case .retry(_, let why), .refused(let why):
            requests.child("failed").increment()
            logger.warning("metrics are not exported", metadata: ["why": "\(why)"])
        }
    }

    /// The families of a snapshot. Names stay those of `/metrics`, so that dashboards find them either way.
    static func metrics(_ snapshot: MetricsSnapshot, from start: Timestamp, to now: Timestamp) -> [OTLPMetric]
    {
        snapshot.readings.map { family in
            let points = family.series.map { series in
                let attributes = series.labels.map { Attribute($0.name, $0.value) }
                return (
                    OTLPMetric.Place(attributes, start: nanoseconds(start), time: nanoseconds(now)),
                    series.reading
                )
            }
            return OTLPMetric(family.name, description: family.help, content(points, family.kind))
        }
    }

    private static func content(_ points: [(OTLPMetric.Place, MetricReading)], _ kind: MetricKind)
        -> OTLPMetric.Content
    {
        switch kind {
        case .counter: .sum(numbers(points), .cumulative, isMonotonic: true)
        case .gauge: .gauge(numbers(points))
        case .histogram: .histogram(points.compactMap(histogram), .cumulative)
        }
    }

    private static func numbers(_ points: [(OTLPMetric.Place, MetricReading)]) -> [OTLPMetric.NumberPoint] {
        points.compactMap { place, reading in
            guard case .number(let number) = reading else { return nil }
            return OTLPMetric.NumberPoint(place, .double(number))
        }
    }

    private static func histogram(_ place: OTLPMetric.Place, _ reading: MetricReading) -> OTLPMetric
        .HistogramPoint?
    {
        guard case .histogram(let histogram) = reading else { return nil }
        let count = histogram.counts.reduce(0, +)
        return OTLPMetric.HistogramPoint(
            place,
            OTLPMetric.Totals(count: count, sum: histogram.sum),
            counts: histogram.counts,
            bounds: histogram.bounds
        )
    }

    private static func nanoseconds(_ time: Timestamp) -> UInt64 {
        UInt64(clamping: time.microseconds) * 1000
    }
}
