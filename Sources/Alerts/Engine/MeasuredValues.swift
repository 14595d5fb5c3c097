package import Core
package import Postgres

/// What rules ask other features for. The server answers from the views and queries that those publish.
package protocol MeasuredValues: Sendable {
    /// The values at a moment, on the engine's connection and queue.
    func values(
        of question: MeasuredQuestion,
        at now: Timestamp,
        on connection: Connection
    ) throws -> [MeasuredValue]
}

/// A question about what is stored. Rules that ask the same one share its answer.
package enum MeasuredQuestion: Hashable, Sendable {
    /// Of the last minutes, for each process of a project: `finished`, `failed`, `retried`, `ratio`; with durations also
    /// `mean_ms` and `p95_ms`, which cost more than all the others.
    case processes(minutes: Int, hasDurations: Bool)
    /// Of the last minutes, for each project's workflow runs: `finished`, `failed`, `ratio`.
    case pipelines(minutes: Int)
    /// Of the last minutes, for each agent and job type: `finished`, `failed`, `ratio`, `p95_ms`.
    case agents(minutes: Int)
    /// Runs that have not ended: `age`, `idle` and, where it is known, `usual`, all in seconds.
    case openRuns
    /// For each project, tasks that wait to be started: `tasks`, and `oldest` in seconds.
    case pending
    /// For each agent: `since_start` and, where there was one, `since_success`, in seconds.
    case lastRuns
    /// For each component: `since_heartbeat` in seconds.
    case components
    /// Of the last minutes, for each component that has the metric: `value`.
    case metric(String, labels: [MeasuredLabel], minutes: Int, Aggregate)
    /// Of the last hours, for each project: `runs_completed`, `runs_failed`, `tasks_completed`, `tasks_failed`, `pending`.
    case totals(hours: Int)
    /// `count` of elements that PostgreSQL has refused and nobody has looked at, for each stream.
    case deadLetters
}

/// A label that must have a value.
package struct MeasuredLabel: Hashable, Sendable {
    package let name: String
    package let value: String

    /// Makes a condition.
    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// Numbers of one thing.
package struct MeasuredValue: Sendable {
    /// What it is about: `project`, `process`, `agent`, `component`, `pipeline`, …
    package let labels: [String: String]
    /// By the names that the question says.
    package let numbers: [String: Double]

    /// Makes a value.
    package init(_ labels: [String: String], _ numbers: [String: Double]) {
        self.labels = labels
        self.numbers = numbers
    }

    func number(_ name: String) -> Double { numbers[name] ?? 0 }
}
