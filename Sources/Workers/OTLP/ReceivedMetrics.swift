internal import Core

/// A request of OTLP as samples: those of each component, and what is not stored.
struct ReceivedMetrics: Sendable {
    /// The samples of a component.
    struct Part: Sendable {
        let component: ComponentKey
        var samples: [Sample] = []
        /// For each sample the number of its data point in the request; negative for what describes a resource.
        var places: [Int] = []
    }

    /// In the order in which they come first.
    var parts: [Part] = []
    /// False when parts have data points that are not stored.
    private(set) var isWhole = true
    /// The numbers of the data points that are not stored because of a limit.
    private(set) var dropped: Set<Int> = []
    /// How many data points each fault costs.
    private(set) var rejected: [PointFault: Int] = [:]

    /// How many samples are stored.
    var sampleCount: Int { parts.reduce(0) { $0 + $1.samples.count } }

    /// Notes that a data point is not stored.
    mutating func reject(_ place: Int, _ fault: PointFault) {
        if place >= 0 { rejected[fault, default: 0] += 1 }
        if !fault.isOfMessage { dropped.insert(place) }
    }

    /// Notes that data points of a part are not stored: they stay in it.
    mutating func reject(_ part: Part, _ places: Set<Int>, _ fault: PointFault) {
        for place in places { reject(place, fault) }
        isWhole = false
    }

    /// What is not stored, for whoever sent it; empty when everything is.
    var message: String {
        PointFault.allCases.compactMap { fault in
            rejected[fault].map { "\($0) data points \(fault.words)." }
        }.joined(separator: " ")
    }
}
