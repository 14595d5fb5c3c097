internal import Core
internal import Metrics
internal import Postgres

/// The values of a metric that a rule compares: of this Weir, of processes, agents and runs, or stored by workers.
struct MetricLookup {
    let rule: AlertRule
    let metric: String

    private var trigger: TriggerConfig { rule.trigger }
    private var labels: [MeasuredLabel] { trigger.scalars("labels").map { .init($0.name, $0.value) } }
    private var minutes: Int { Int(trigger.number("window_minutes")) }

    func values(_ answers: inout MeasuredAnswers, at now: Timestamp, on connection: Connection) throws
        -> [MeasuredValue]
    {
        if rule.isOwn { return own(answers) }
        let parts = metric.split(separator: ".", maxSplits: 1).map(String.init)
        let question: MeasuredQuestion? =
            switch parts.first {
            case "process": .processes(minutes: minutes, hasDurations: parts.last?.hasSuffix("_ms") == true)
            case "pipeline": .pipelines(minutes: minutes)
            case "agent": .agents(minutes: minutes)
            default: nil
            }
        if parts.count == 2, let question {
            return try answers.values(of: question, at: now, on: connection).compactMap { value in
                guard let number = value.numbers[parts[1]], has(value.labels) else { return nil }
                return MeasuredValue(value.labels, ["value": number])
            }
        }
        let aggregate = Aggregate(rawValue: trigger.word("aggregate")) ?? .max
        return try answers.values(
            of: .metric(metric, labels: labels, minutes: minutes, aggregate),
            at: now,
            on: connection
        )
    }

    private func has(_ found: [String: String]) -> Bool { labels.allSatisfy { found[$0.name] == $0.value } }

    /// One value of all series of this process that have the labels.
    private func own(_ answers: MeasuredAnswers) -> [MeasuredValue] {
        let wanted = labels
        let numbers = answers.registry.numbers(metric).filter { series in
            wanted.allSatisfy { label in
                series.labels.contains { $0.name == label.name && $0.value == label.value }
            }
        }.map(\.value)
        guard !numbers.isEmpty else { return [] }
        let number: Double =
            switch trigger.word("aggregate") {
            case "min": numbers.min() ?? 0
            case "sum": numbers.reduce(0, +)
            case "avg": numbers.reduce(0, +) / Double(numbers.count)
            case "count": Double(numbers.count)
            default: numbers.max() ?? 0
            }
        return [MeasuredValue(["instance": answers.instance], ["value": number])]
    }
}
