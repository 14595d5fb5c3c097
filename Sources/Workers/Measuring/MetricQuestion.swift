internal import Core

/// A question for the values of a metric in a window that ends now.
package struct MetricQuestion: Hashable, Sendable {
    /// How the samples of a series in the window become one value.
    package enum Aggregate: String, CaseIterable, Sendable {
        case avg, min, max, sum, count, last
        /// The 95th percentile of the averages of the window's steps.
        case p95
        /// Of a counter, with its resets: per second, and in the whole window.
        case rate, increase
    }

    /// How the values of several series become one.
    package enum Combination: String, CaseIterable, Sendable {
        case sum, avg, min, max
        /// How many series there are.
        case count
    }

    /// Which series become one.
    package enum Grouping: Hashable, Sendable {
        /// None: a value for each.
        case series
        /// Those of a component.
        case component
        /// Those with the same values of these labels; `component_name` and `component_type` are labels, too.
        case labels([String])
        /// All of them.
        case all
    }

    /// The name as it was reported.
    package var metric: String
    /// Of all components without one.
    package var component: String?
    package var componentType: String?
    /// Labels that a series must have, with these values.
    package var labels: [String: String]
    /// A second to 60 days. It begins at a whole step, so it is at most a step longer.
    package var window: Duration
    package var aggregate: Aggregate
    package var grouping: Grouping
    package var combination: Combination

    /// A question for each series; `.component` or `.all` with a combination asks for less.
    package init(
        metric: String,
        component: String? = nil,
        componentType: String? = nil,
        labels: [String: String] = [:],
        window: Duration,
        aggregate: Aggregate,
        grouping: Grouping = .series,
        combination: Combination = .sum
    ) {
        self.metric = metric
        self.component = component
        self.componentType = componentType
        self.labels = labels
        self.window = max(.seconds(1), min(window, .seconds(60 * 86_400)))
        self.aggregate = aggregate
        self.grouping = grouping
        self.combination = combination
    }

    /// In seconds: what points are read, so that a window has a few hundred.
    var step: Int {
        switch window {
        case ...Duration.seconds(600): 10
        case ...Duration.seconds(6 * 3600): 60
        case ...Duration.seconds(2 * 86_400): 300
        default: 3600
        }
    }

    /// One value of a series' points; `count` is how many samples they are made of, where that is needed.
    func value(_ points: [Double], _ count: Double?) -> Double? {
        guard let last = points.last else { return nil }
        let sum = points.reduce(0, +)
        switch aggregate {
        case .avg: return count.map { sum / $0 }
        case .min: return points.min()
        case .max: return points.max()
        case .sum, .count, .increase: return sum
        case .last: return last
        case .p95: return Self.percentile(points.sorted())
        case .rate:
            return sum / (Double(window.components.seconds) + Double(window.components.attoseconds) / 1e18)
        }
    }

    /// The 95th percentile of sorted values, between the two that are nearest.
    private static func percentile(_ values: [Double]) -> Double {
        let place = 0.95 * Double(values.count - 1)
        let below = Int(place)
        let above = min(below + 1, values.count - 1)
        return values[below] + (values[above] - values[below]) * (place - Double(below))
    }
}

extension MetricQuestion.Aggregate {
    /// What is read of each step.
    var parts: [StepQuery.Aggregation] {
        switch self {
        case .avg: [.sum, .count]
        case .min: [.min]
        case .max: [.max]
        case .sum: [.sum]
        case .count: [.count]
        case .last: [.last]
        case .p95: [.avg]
        case .rate, .increase: [.increase]
        }
    }
}

extension MetricQuestion.Grouping {
    /// The values of groups, in the order of their first series.
    func combined(
        _ series: [MeasuredMetric],
        _ combination: MetricQuestion.Combination
    ) -> [MeasuredMetric] {
        if self == .series { return series }
        var order: [MetricGroup] = []
        var members: [MetricGroup: [MeasuredMetric]] = [:]
        for one in series {
            let group = group(of: one)
            if members[group] == nil { order.append(group) }
            members[group, default: []].append(one)
        }
        return order.map { group in
            let found = members[group] ?? []
            let values = found.map(\.value)
            let sum = values.reduce(0, +)
            let value =
                switch combination {
                case .sum: sum
                case .avg: sum / Double(values.count)
                case .min: values.min() ?? 0
                case .max: values.max() ?? 0
                case .count: Double(values.count)
                }
            return MeasuredMetric(group, value, at: found.map(\.at).max() ?? .epoch)
        }
    }

    private func group(of series: MeasuredMetric) -> MetricGroup {
        var group = MetricGroup(series)
        switch self {
        case .series: return group
        case .component:
            group.labels = [:]
        case .labels(let names):
            if !names.contains("component_name") { group.component = nil }
            if !names.contains("component_type") { group.componentType = nil }
            group.labels = group.labels.filter { names.contains($0.key) }
        case .all:
            group.component = nil
            group.componentType = nil
            group.labels = [:]
        }
        return group
    }
}
