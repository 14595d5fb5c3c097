internal import API
internal import Core
internal import Journal
internal import Metrics
internal import OpenTelemetry

/// Makes a request with metrics durable, as one line, and shows its values in the export.
struct OTLPWriter: Sendable {
    let journal: Journal
    let registry: ComponentRegistry
    let latest: LatestValues
    let ids: Snowflake
    let metrics: OTLPMetrics
    /// The most components that are made by themselves.
    let mostComponents: Int
    /// The most samples of a request.
    let mostSamples: Int
    /// The most values of a request.
    let mostValues: Int
    /// How far a data point may be from its arrival, and how large its labels may be.
    let limits: ReportLimits

    /// Why nothing of a request is stored.
    enum Fault: Error {
        case malformed(OTLPError)
        case notStored(JournalError)
    }

    /// Stores what can be stored of a message.
    ///
    /// - Returns: how many data points are not stored, and why.
    func write(_ message: [UInt8], _ encoding: OTLPEncoding, arrivedAt arrival: Timestamp) async throws(Fault)
        -> ExportResponse
    {
        let batches: [MetricBatch]
        var read: ReceivedMetrics
        do throws(OTLPError) {
            batches = try encoding.metrics(message, limits: parts)
            read = try MetricSamples.received(
                batches,
                arrivedAt: arrival,
                limits: limits,
                atMost: mostSamples
            )
        } catch {
            throw .malformed(error)
        }
        let components = await components(of: &read)
        admit(&read, components, arrivedAt: arrival)
        let stored = read.isWhole ? read : Self.stored(batches, read, arrivedAt: arrival)
        let owners = stored.parts.compactMap { components[$0.component] }
        if !owners.isEmpty {
            do throws(JournalError) {
                try await journal.append(
                    kind: WorkersLine.Kind.otlpMetrics.rawValue,
                    members: OTLPLine.members(stored, owners, dropped: read.dropped, ids),
                    body: encoding.line(message)
                )
            } catch {
                throw .notStored(error)
            }
        }
        for (part, component) in zip(stored.parts, owners) {
            if !registry.knows(component) { registry.learn(component) }
            latest.record(part.samples, of: component, arrivedAt: arrival)
        }
        metrics.count(stored.sampleCount, read.rejected)
        return ExportResponse(rejected: Int64(read.rejected.values.reduce(0, +)), message: read.message)
    }

    private var parts: OTLPLimits {
        var limits = OTLPLimits()
        limits.values = mostValues
        limits.dataPoints = mostSamples
        return limits
    }

    /// What the line will be read as.
    private static func stored(
        _ batches: [MetricBatch],
        _ read: ReceivedMetrics,
        arrivedAt arrival: Timestamp
    ) -> ReceivedMetrics {
        do throws(OTLPError) {
            return try MetricSamples.received(
                batches,
                arrivedAt: arrival,
                limits: .none,
                leavingOut: read.dropped
            )
        } catch {
            preconditionFailure("BUG: a part of a request has more samples than the whole")
        }
    }

    /// The components of the parts. A new one gets an id, by which it is known unless PostgreSQL has another.
    private func components(of read: inout ReceivedMetrics) async -> [ComponentKey: Component] {
        var components: [ComponentKey: Component] = [:]
        var made = 0
        for part in read.parts {
            if case .found(let component) = await registry.find(part.component) {
                components[part.component] = component
            } else if registry.count + made < mostComponents {
                components[part.component] = Component(key: part.component, id: ids.mint())
                made += 1
            } else {
                read.reject(part, Set(part.places), .tooManyComponents)
            }
        }
        return components
    }

    /// Leaves out the data points that have a series too many for their component.
    private func admit(
        _ read: inout ReceivedMetrics,
        _ components: [ComponentKey: Component],
        arrivedAt arrival: Timestamp
    ) {
        let notice = SeriesLimitNotice(journal: journal, latest: latest)
        for part in read.parts {
            guard let component = components[part.component] else { continue }
            let refused = latest.admit(part.samples, of: component, at: arrival)
            guard !refused.isEmpty else { continue }
            notice.send(component, at: arrival)
            read.reject(part, Set(refused.map { part.places[$0] }), .tooManySeries)
        }
    }
}

/// What receiving metrics says of itself on `/metrics`.
struct OTLPMetrics: Sendable {
    private let stored: Counter
    private let rejected: MetricFamily<Counter>

    init(_ registry: Registry) {
        stored = registry.counter(
            "weir_otlp_received_samples_total",
            help: "Samples of metrics received by OTLP that are durable."
        )
        rejected = registry.counterFamily(
            "weir_otlp_not_stored_total",
            help: "Data points of metrics received by OTLP that are not stored.",
            labels: ["reason"]
        )
    }

    func count(_ samples: Int, _ faults: [PointFault: Int]) {
        stored.increment(by: samples)
        for (fault, points) in faults { rejected.child(fault.rawValue).increment(by: points) }
    }
}
