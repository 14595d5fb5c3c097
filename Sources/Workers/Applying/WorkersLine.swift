internal import Core
internal import Journal

/// What the lines of this feature say beside their bodies.
enum WorkersLine {
    /// The kinds of lines.
    enum Kind: String, CaseIterable {
        /// A registration, as it was sent.
        case register = "worker.register/1"
        /// A heartbeat, as it was sent; it makes a component that PostgreSQL does not have.
        case heartbeat = "worker.heartbeat/1"
        case deregister = "worker.deregister/1"
        /// Components whose heartbeats are older than the body's `before` have gone.
        case sweep = "worker.sweep/1"
        /// A report, as it was sent.
        case report = "metrics.report/1"
        /// A push to a group of metrics, decoded.
        case push = "metrics.push/1"
        /// A component has as many series as it may.
        case seriesLimit = "worker.series_limit/1"
        /// A request of remote-write 1.0, as it was sent.
        case remoteWrite1 = "metrics.remote_write.v1/1"
        /// A request of remote-write 2.0, as it was sent.
        case remoteWrite2 = "metrics.remote_write.v2/1"
        /// A portion of an import, in the form of remote-write 1.0.
        case imported = "metrics.import/1"
        /// Metrics by OTLP, as they were sent.
        case otlpMetrics = "otlp.metrics/1"
        /// A lifetime for the samples of a metric or of a component.
        case ttl = "metrics.ttl/1"
    }

    /// The component of a line, known or newly minted; the ids of the first samples of its blocks; the indices of
    /// metrics in its body that are not stored; and the trace of the request.
    static func members(
        _ component: Component,
        ids: [Int64] = [],
        dropped: [Int] = [],
        trace: Exemplar? = nil
    ) -> LineMembers {
        LineMembers([
            "component_type": component.key.type.rawValue, "component": component.key.name,
            "runtime_id": String(component.id), "metric_ids": ids.map(String.init).joined(separator: " "),
            "dropped": dropped.map(String.init).joined(separator: " "), "trace_id": trace?.traceID ?? "",
            "span_id": trace?.spanID ?? "",
        ])
    }

    /// The members of a line, read back.
    struct Context {
        let component: Component
        let ids: [Int64]
        let dropped: [Int]
        let trace: Exemplar?

        /// Nil when the line does not name its component.
        init?(_ members: LineMembers) {
            guard let object = members.object,
                let type = object["component_type"]?.string.flatMap(ComponentType.init),
                let name = object["component"]?.string,
                let id = object["runtime_id"]?.string.flatMap({ Int64($0) })
            else { return nil }
            component = Component(key: ComponentKey(type: type, name: name), id: id)
            ids = WorkersLine.numbers(object["metric_ids"])
            dropped = WorkersLine.numbers(object["dropped"])
            let trace = Exemplar(
                traceID: object["trace_id"]?.string.nonEmpty,
                spanID: object["span_id"]?.string.nonEmpty
            )
            self.trace = trace.isEmpty ? nil : trace
        }
    }

    /// Numbers with blanks in between.
    static func numbers<Number: FixedWidthInteger>(_ node: JSONNode?) -> [Number] {
        (node?.string ?? "").split(separator: " ").compactMap { Number($0) }
    }
}

extension String? {
    /// Nil also for an empty text.
    var nonEmpty: String? { self?.isEmpty == true ? nil : self }
}
