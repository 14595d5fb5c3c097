internal import Core
internal import Metrics
internal import Postgres

/// The answers of one pass: rules with the same question share one.
struct MeasuredAnswers {
    let source: any MeasuredValues
    let registry: MetricsSnapshot
    let instance: String
    private var known: [MeasuredQuestion: [MeasuredValue]] = [:]

    init(source: any MeasuredValues, registry: MetricsSnapshot, instance: String) {
        self.source = source
        self.registry = registry
        self.instance = instance
    }

    mutating func values(of question: MeasuredQuestion, at now: Timestamp, on connection: Connection) throws
        -> [MeasuredValue]
    {
        if let values = known[question] { return values }
        if case .processes(let minutes, hasDurations: false) = question,
            let values = known[.processes(minutes: minutes, hasDurations: true)]
        {
            return values
        }
        let values = try source.values(of: question, at: now, on: connection)
        known[question] = values
        return values
    }
}
