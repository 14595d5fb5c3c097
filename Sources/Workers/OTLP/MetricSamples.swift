internal import Core
internal import OpenTelemetry

/// Turns metrics of OTLP into samples of Prometheus. A function of the message, the arrival and what is left out: no
/// clock, no setting. OpenTelemetry, "Prometheus and OpenMetrics Compatibility".
struct MetricSamples {
    /// What a resource without `service.name` is called, as the SDKs do it.
    static let unnamedService = "unknown_service"

    private let arrival: Timestamp
    private let limits: ReportLimits
    private let leftOut: Set<Int>
    private let mostSamples: Int
    private var received = ReceivedMetrics()
    private var partNumbers: [ComponentKey: Int] = [:]
    private var samples = 0
    private var labelBytes = 0
    private var place = -1
    /// In the order of the message, also those of which nothing is stored: their numbers are in lines.
    private var targets: [Target] = []
    private var targetNumbers: [[Attribute]: Int] = [:]

    /// What a resource says of itself, and when its newest data point was.
    private struct Target {
        let labels: [(String, String)]
        /// Nil until a data point of it is stored.
        var part: Int?
        var at = Timestamp.earliest
    }

    /// What is being read: the metric, its labels, and whose it is.
    private struct Context {
        var name = ""
        var type = MetricType.gauge
        var help: String?
        var unit: String?
        /// Of the resource and the scope.
        var labels: [(String, String)] = []
        var component: ComponentKey
        var part: Int?
        var target = 0
    }

    private init(_ arrival: Timestamp, _ limits: ReportLimits, _ leftOut: Set<Int>, _ mostSamples: Int) {
        self.arrival = arrival
        self.limits = limits
        self.leftOut = leftOut
        self.mostSamples = mostSamples
    }

    /// The samples of some metrics; those without a time have that of their arrival.
    ///
    /// - Throws: `OTLPError.tooMany` for more than `mostSamples`.
    static func received(
        _ batches: [MetricBatch],
        arrivedAt arrival: Timestamp,
        limits: ReportLimits = ReportLimits(),
        leavingOut leftOut: Set<Int> = [],
        atMost mostSamples: Int = .max
    ) throws(OTLPError) -> ReceivedMetrics {
        var samples = MetricSamples(arrival, limits, leftOut, mostSamples)
        for batch in batches { try samples.add(batch) }
        samples.addTargets()
        return samples.received
    }

    // MARK: - Whose they are

    private mutating func add(_ batch: MetricBatch) throws(OTLPError) {
        var context = Context(component: Self.component(of: batch.resource))
        context.labels =
            AttributeLabels.labels(Self.identity(of: batch.resource)) + Self.labels(of: batch.scope)
        context.target = target(of: batch.resource)
        for metric in batch.metrics {
            context.name = PrometheusName.metric(metric)
            context.type = metric.type
            context.help = text(metric.description)
            context.unit = PrometheusName.unit(metric).flatMap(text)
            try add(metric, &context)
        }
    }

    /// Nil for none, and for one that is too long to be shown.
    private func text(_ text: String) -> String? {
        text.isEmpty || text.utf8.count > limits.valueBytes ? nil : text
    }

    private static func component(of resource: [Attribute]) -> ComponentKey {
        let name = resource.last { $0.key == "service.name" }.map { AttributeLabels.text($0.value) } ?? ""
        return ComponentKey(type: .workerPool, name: name.isEmpty ? unnamedService : name)
    }

    private static let identifying = ["service.namespace", "service.instance.id"]

    private static func identity(of resource: [Attribute]) -> [Attribute] {
        resource.filter { identifying.contains($0.key) }
    }

    private static func labels(of scope: SpanBatch.Scope) -> [(String, String)] {
        var labels = AttributeLabels.labels(scope.attributes, prefix: "otel_scope_")
        if !scope.name.isEmpty { labels.append(("otel_scope_name", scope.name)) }
        if !scope.version.isEmpty { labels.append(("otel_scope_version", scope.version)) }
        return labels
    }

    // MARK: - Points

    private mutating func add(_ metric: Metric, _ context: inout Context) throws(OTLPError) {
        for point in metric.points {
            place += 1
            guard !leftOut.contains(place) else { continue }
            if let fault = fault(of: point, metric, context) {
                received.reject(place, fault)
                continue
            }
            let lines = point.lines(context.type)
            samples += lines.count
            guard samples <= mostSamples else { throw .tooMany("samples", limit: mostSamples) }
            let at = moment(point.place)
            guard at - arrival <= limits.ahead, arrival - at <= limits.behind else {
                received.reject(place, .badTime)
                continue
            }
            let pairs = context.labels + AttributeLabels.labels(point.place.attributes)
            guard let found = series(lines, pairs, at, context) else {
                received.reject(place, .tooLarge)
                continue
            }
            let part = part(of: &context, at)
            received.parts[part].samples += found
            received.parts[part].places += Array(repeating: place, count: found.count)
        }
    }

    private func fault(of point: any MetricPoint, _ metric: Metric, _ context: Context) -> PointFault? {
        if !metric.isCumulative { return .delta }
        if context.name.isEmpty { return .noName }
        if let fault = point.fault { return fault }
        return context.component.name.utf8.count > limits.componentBytes ? .tooLarge : nil
    }

    private func moment(_ place: Metric.Place) -> Timestamp {
        place.time == 0 ? arrival : Timestamp(microseconds: Int64(place.time / 1000))
    }

    /// The samples of a data point; nil when their labels are beyond the limits.
    private mutating func series(
        _ lines: [PointLine],
        _ pairs: [(String, String)],
        _ at: Timestamp,
        _ context: Context
    ) -> [Sample]? {
        guard pairs.count < limits.labels,
            pairs.allSatisfy({ name, value in
                name.utf8.count <= limits.nameBytes && value.utf8.count <= limits.valueBytes
            }),
            context.name.utf8.count + "_bucket".utf8.count <= limits.nameBytes
        else { return nil }
        // Texts that many series share are in the message once.
        let bytes = pairs.reduce(context.name.utf8.count) { $0 + $1.0.utf8.count + $1.1.utf8.count }
        let (all, isBeyond) = bytes.multipliedReportingOverflow(by: lines.count)
        guard !isBeyond, limits.newLabelBytes - labelBytes >= all else { return nil }
        labelBytes += all
        return lines.map { line in
            let series = Series(
                of: context.component,
                context.name + line.suffix,
                context.type,
                LabelSet(line.bound.map { pairs + [$0] } ?? pairs),
                help: context.help,
                unit: context.unit
            )
            return Sample(series: series, at: at, value: line.value, exemplar: line.exemplar)
        }
    }

    // MARK: - Components and resources

    private mutating func part(of context: inout Context, _ at: Timestamp) -> Int {
        let part = context.part ?? part(of: context.component)
        context.part = part
        targets[context.target].part = part
        targets[context.target].at = max(targets[context.target].at, at)
        return part
    }

    private mutating func part(of component: ComponentKey) -> Int {
        if let known = partNumbers[component] { return known }
        partNumbers[component] = received.parts.count
        received.parts.append(ReceivedMetrics.Part(component: component))
        return received.parts.count - 1
    }

    private mutating func target(of resource: [Attribute]) -> Int {
        if let known = targetNumbers[resource] { return known }
        targetNumbers[resource] = targets.count
        let described = resource.filter { $0.key != "service.name" && !Self.identifying.contains($0.key) }
        // Without more than its name there is nothing to tell.
        let labels = AttributeLabels.labels(described)
        let identity = AttributeLabels.labels(Self.identity(of: resource))
        targets.append(Target(labels: labels.isEmpty ? [] : identity + labels))
        return targets.count - 1
    }

    /// What the resources say of themselves: `target_info`, with the time of their newest data point.
    private mutating func addTargets() {
        for (index, target) in targets.enumerated() {
            let place = -1 - index
            guard let part = target.part, !target.labels.isEmpty, !leftOut.contains(place) else { continue }
            let context = Context(
                name: "target_info",
                help: "What the resource of these metrics says of itself.",
                component: received.parts[part].component
            )
            guard let found = series([PointLine("", 1)], target.labels, target.at, context) else {
                received.reject(place, .tooLarge)
                continue
            }
            received.parts[part].samples += found
            received.parts[part].places += Array(repeating: place, count: found.count)
        }
    }
}
