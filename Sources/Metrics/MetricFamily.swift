import Synchronization

/// All series of one name, one child for each set of label values.
///
/// Children are made on demand and kept for ever, so a family holds at most `limit` of them; further ones share one
/// child whose label values are all `other`. Callers keep their children where speed matters.
package final class MetricFamily<Child: Metric>: Sendable {
    let descriptor: MetricDescriptor
    private let limit: Int
    private let makeChild: @Sendable () -> Child
    /// Guards the children by label values; the texts are rendered once.
    private let children = Mutex<[[String]: (labels: [UInt8], child: Child)]>([:])

    init(descriptor: MetricDescriptor, limit: Int, makeChild: @escaping @Sendable () -> Child) {
        self.descriptor = descriptor
        self.limit = limit
        self.makeChild = makeChild
    }

    /// The child with these label values, in the order of the label names; traps on another count.
    package func child(_ values: String...) -> Child {
        child(values)
    }

    /// The child with these label values, in the order of the label names; traps on another count.
    package func child(_ values: [String]) -> Child {
        precondition(
            values.count == descriptor.labels.count,
            "BUG: metric \(descriptor.name) has other labels",
        )
        return children.withLock { children in
            if let known = children[values] { return known.child }
            let isFull = children.count >= limit && !values.isEmpty
            let values = isFull ? values.map { _ in MetricFamily.overflow } : values
            if let known = children[values] { return known.child }
            let child = makeChild()
            let labels = Exposition.labels(Array(zip(descriptor.labels, values)))
            children[values] = (labels, child)
            return child
        }
    }

    private static var overflow: String { "other" }
}

/// A family of any type, as the registry keeps it.
protocol AnyMetricFamily: AnyObject, Sendable {
    var descriptor: MetricDescriptor { get }
    func readings() -> [(labels: [UInt8], reading: MetricReading)]
}

extension MetricFamily: AnyMetricFamily {
    func readings() -> [(labels: [UInt8], reading: MetricReading)] {
        let children = children.withLock { Array($0.values) }
        return children.map { ($0.labels, $0.child.reading) }
    }
}
