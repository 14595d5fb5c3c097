import Alerts
import Configuration
import Core
import Ingest
import Nextflow
import Postgres
import Runs
import Workers

/// Answers what alert rules ask of the other features: features know nothing of each other.
struct StoredMeasurements: MeasuredValues {
    private let staleAfter: RunSilence
    private let keep: Duration

    init(_ settings: SettingValues) {
        staleAfter = RunSilence(settings)
        keep = settings[WorkersSettings.samplesKeep]
    }

    func values(
        of question: MeasuredQuestion,
        at now: Timestamp,
        on connection: Connection
    ) throws -> [MeasuredValue] {
        switch question {
        case .processes(let minutes, let hasDurations):
            try processes(minutes, hasDurations, now, connection)
        case .pipelines(let minutes): try pipelines(minutes, now, connection)
        case .agents(let minutes): try agents(minutes, now, connection)
        case .openRuns: try openRuns(now, connection)
        case .pending: try pending(now, connection)
        case .lastRuns: try lastRuns(now, connection)
        case .components: try components(now, connection)
        case .metric(let name, let labels, let minutes, let aggregate):
            try metric(name, labels, minutes, aggregate, now, connection)
        case .totals(let hours): try totals(hours, now, connection)
        case .deadLetters: try deadLetters(connection)
        }
    }

    // MARK: - Workflows

    private func workflows(_ connection: Connection, _ now: Timestamp) -> NextflowMeasurements {
        NextflowMeasurements(connection: connection, now: now, staleAfter: staleAfter)
    }

    private func processes(
        _ minutes: Int,
        _ hasDurations: Bool,
        _ now: Timestamp,
        _ connection: Connection
    ) throws -> [MeasuredValue] {
        let window = MeasuredWindow(since: now - .seconds(minutes * 60), until: now)
        return try ReadSnapshot.read(connection) { _ in
            try workflows(connection, now).processes(in: window, withDurations: hasDurations).map { found in
                var numbers: [String: Double] = [
                    "finished": Double(found.tasks.succeeded + found.tasks.failed),
                    "completed": Double(found.tasks.succeeded),
                    "failed": Double(found.tasks.failed),
                    "failed_for_good": Double(found.tasks.failedForGood),
                    "retried": Double(found.tasks.retried),
                    "cached": Double(found.tasks.cached),
                ]
                numbers["ratio"] = found.tasks.failureRatio
                numbers["mean_ms"] = found.meanMilliseconds
                numbers["p95_ms"] = found.p95Milliseconds
                return MeasuredValue(labels(found.project, ["process": found.process]), numbers)
            }
        }
    }

    private func pipelines(_ minutes: Int, _ now: Timestamp, _ connection: Connection) throws
        -> [MeasuredValue]
    {
        let window = MeasuredWindow(since: now - .seconds(minutes * 60), until: now)
        return try ReadSnapshot.read(connection) { _ in
            try workflows(connection, now).outcomes(in: window).map { found in
                let finished = Double(found.runsSucceeded + found.runsFailed)
                return MeasuredValue(
                    labels(found.project),
                    [
                        "finished": finished,
                        "failed": Double(found.runsFailed),
                        "ratio": finished > 0 ? Double(found.runsFailed) / finished : 0,
                    ]
                )
            }
        }
    }

    private func openWorkflows(_ now: Timestamp, _ connection: Connection) throws -> [MeasuredRun] {
        try ReadSnapshot.read(connection) { _ in try workflows(connection, now).openRuns() }
    }

    private func openRuns(_ now: Timestamp, _ connection: Connection) throws -> [MeasuredValue] {
        let found = try openWorkflows(now, connection).filter { $0.state != .failed }.map { run in
            var numbers = [
                "age": (now - run.startedAt) / .seconds(1),
                "idle": (now - run.lastEventAt) / .seconds(1),
            ]
            numbers["usual"] = run.usualMilliseconds.map { $0 / 1000 }
            return MeasuredValue(
                labels(run.project, ["pipeline": run.runID, "pipeline_name": run.runName]),
                numbers
            )
        }
        return try found + openTrackedRuns(now, connection)
    }

    private func pending(_ now: Timestamp, _ connection: Connection) throws -> [MeasuredValue] {
        NextflowMeasurements.pendingWork(of: try openWorkflows(now, connection)).map { found in
            MeasuredValue(
                labels(found.project),
                ["tasks": Double(found.tasks), "oldest": (now - found.oldestSubmittedAt) / .seconds(1)]
            )
        }
    }

    private func totals(_ hours: Int, _ now: Timestamp, _ connection: Connection) throws -> [MeasuredValue] {
        let window = MeasuredWindow(since: now - .seconds(hours * 3600), until: now)
        let waiting = try pending(now, connection)
        return try ReadSnapshot.read(connection) { _ in
            try workflows(connection, now).outcomes(in: window).map { found in
                let project = labels(found.project)
                let tasks = waiting.first { $0.labels == project }?.numbers["tasks"] ?? 0
                return MeasuredValue(
                    project,
                    [
                        "runs_completed": Double(found.runsSucceeded),
                        "runs_failed": Double(found.runsFailed),
                        "runs_uncertain": Double(found.runsAborted),
                        "pending": tasks,
                    ]
                )
            }
        }
    }

    // MARK: - Tracked runs

    private func agents(_ minutes: Int, _ now: Timestamp, _ connection: Connection) throws -> [MeasuredValue]
    {
        try RunMeasurements(connection: connection).ended(from: now - .seconds(minutes * 60), to: now).map {
            found in
            var numbers: [String: Double] = [
                "finished": Double(found.finished), "failed": Double(found.failed),
                "ratio": 1 - found.successRatio, "retried": Double(found.retries),
            ]
            numbers["p95_ms"] = found.p95Milliseconds.map(Double.init)
            return MeasuredValue(["agent": found.agent, "job_type": found.jobType], numbers)
        }
    }

    private func openTrackedRuns(_ now: Timestamp, _ connection: Connection) throws -> [MeasuredValue] {
        try RunMeasurements(connection: connection).open().map { run in
            var numbers = [
                "age": (now - run.startedAt) / .seconds(1),
                "idle": (now - (run.changedAt ?? run.startedAt)) / .seconds(1),
            ]
            numbers["usual"] = run.usualMilliseconds.map { Double($0) / 1000 }
            let names = [
                "pipeline": run.eventID, "pipeline_name": run.runID, "agent": run.agent,
                "job_type": run.jobType,
            ]
            return MeasuredValue(labels(run.project, names), numbers)
        }
    }

    private func lastRuns(_ now: Timestamp, _ connection: Connection) throws -> [MeasuredValue] {
        try RunMeasurements(connection: connection).lastRuns().map { found in
            var numbers: [String: Double] = [:]
            numbers["since_start"] = found.startedAt.map { (now - $0) / .seconds(1) }
            numbers["since_success"] = found.succeededAt.map { (now - $0) / .seconds(1) }
            return MeasuredValue(["agent": found.agent], numbers)
        }
    }

    // MARK: - Components

    private func components(_ now: Timestamp, _ connection: Connection) throws -> [MeasuredValue] {
        try WorkerMeasurements(connection: connection, now: now, keep: keep).components()
            .filter(\.sendsHeartbeats)
            .map { found in
                MeasuredValue(
                    labels(found.project, ["component": found.name, "component_type": found.type]),
                    ["since_heartbeat": (now - found.lastHeartbeatAt) / .seconds(1)]
                )
            }
    }

    private func metric(
        _ name: String,
        _ wanted: [MeasuredLabel],
        _ minutes: Int,
        _ aggregate: Aggregate,
        _ now: Timestamp,
        _ connection: Connection
    ) throws -> [MeasuredValue] {
        var required = Dictionary(wanted.map { ($0.name, $0.value) }) { $1 }
        let component = required.removeValue(forKey: "component")
        let question = MetricQuestion(
            metric: name,
            component: component,
            labels: required,
            window: .seconds(minutes * 60),
            aggregate: MetricQuestion.Aggregate(rawValue: aggregate.rawValue) ?? .last
        )
        return try WorkerMeasurements(connection: connection, now: now, keep: keep).values(question).map {
            found in
            var all = found.labels
            all["component"] = found.component
            return MeasuredValue(all, ["value": found.value])
        }
    }

    // MARK: - Weir itself

    private func deadLetters(_ connection: Connection) throws -> [MeasuredValue] {
        try DeadLetterStore.waiting(on: connection).map { found in
            MeasuredValue(["stream": found.stream], ["count": Double(found.count)])
        }
    }

    // MARK: - Pieces

    private func labels(_ project: String?, _ more: [String: String] = [:]) -> [String: String] {
        var labels = more
        labels["project"] = project
        return labels
    }
}
