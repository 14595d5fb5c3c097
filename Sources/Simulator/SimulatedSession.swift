internal import Core

/// One session: a run, and sometimes the run that resumes it, under the same session id.
struct SimulatedSession: Sendable {
    /// One or two runs.
    let runs: [SimulatedRun]

    /// Plans session `number`; the same options give the same session.
    init(number: Int, _ options: SimulatorOptions) {
        var random = SeededGenerator(seed: options.seed &+ UInt64(number) &* 0x5851_F42D_4C95_7F2D)
        // Sessions overlap, like those of a group of users.
        let start = options.start.microseconds / 1000 + Int64(number) * 45_000
        let identity = SimulatedRun.Identity(&random)
        let first = SimulatedPlan(
            tasks: options.tasksPerRun,
            start: start,
            failureShare: options.failureShare,
            &random
        )
        var runs = [SimulatedRun(identity, first, isResumed: false, options, &random)]
        if first.fatal != nil, random.chance(0.6) {
            let second = SimulatedPlan(
                tasks: options.tasksPerRun,
                start: first.end + 120_000,
                failureShare: options.failureShare / 4,
                resuming: first,
                &random
            )
            runs.append(SimulatedRun(identity, second, isResumed: true, options, &random))
        }
        self.runs = runs
    }
}

/// One run: its identity, its plan, and its events in order.
struct SimulatedRun: Sendable {
    /// The part of a session that a resumed run keeps.
    struct Identity: Sendable {
        let sessionID: String
        let user: String
        let dialect: SimulatedDialect

        init(_ random: inout SeededGenerator) {
            let digits = Array(random.hexDigits(32))
            let text = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }
            sessionID = text.joined(separator: "-")
            user = random.pick(SimulatorPipeline.users) ?? "mira"
            dialect = random.pick(SimulatedDialect.allCases) ?? .completedTwice
        }
    }

    let identity: Identity
    let name: String
    let plan: SimulatedPlan
    let isResumed: Bool
    let hasMetrics: Bool
    /// In the order of sending.
    let events: [SimulatedEvent]

    var dialect: SimulatedDialect { identity.dialect }

    init(
        _ identity: Identity,
        _ plan: SimulatedPlan,
        isResumed: Bool,
        _ options: SimulatorOptions,
        _ random: inout SeededGenerator
    ) {
        self.identity = identity
        self.plan = plan
        self.isResumed = isResumed
        hasMetrics = options.hasMetrics
        let adjective = random.pick(SimulatorPipeline.adjectives) ?? "elated"
        let scientist = random.pick(SimulatorPipeline.scientists) ?? "noyce"
        name = "\(adjective)_\(scientist)"
        events = SimulatedEvent.order(plan, identity.dialect, &random)
    }
}

/// One event of a run, not rendered yet.
struct SimulatedEvent: Sendable {
    /// The kind of the event.
    enum Kind: Sendable, Equatable {
        case started
        /// For the attempt with this index.
        case submitted(Int)
        case running(Int)
        case finished(Int)
        /// With that attempt's trace (strategy `finish`), or without one.
        case error(Int?)
        case completed
    }

    let kind: Kind
    /// Milliseconds since 1970.
    let at: Int64

    /// The events of a plan in the order of that dialect's client (contract §4.3).
    static func order(
        _ plan: SimulatedPlan,
        _ dialect: SimulatedDialect,
        _ random: inout SeededGenerator
    ) -> [SimulatedEvent] {
        var tasks: [SimulatedEvent] = []
        var killed: [SimulatedEvent] = []
        for (index, attempt) in plan.attempts.enumerated() {
            if attempt.submit > 0 {
                // Another thread sends the submission, and is sometimes overtaken.
                let delay: Int64 = random.chance(0.02) ? attempt.start - attempt.submit + 5 : 0
                tasks.append(SimulatedEvent(kind: .submitted(index), at: attempt.submit + delay))
                if attempt.isStarted {
                    tasks.append(SimulatedEvent(kind: .running(index), at: attempt.start))
                }
            }
            let end = SimulatedEvent(kind: .finished(index), at: attempt.complete)
            if attempt.outcome == .aborted { killed.append(end) } else { tasks.append(end) }
        }
        tasks.sort { $0.at < $1.at }
        let started = SimulatedEvent(kind: .started, at: plan.start)
        return [started] + insertingFinish(plan, tasks) + ending(plan, dialect, killed)
    }

    /// Strategy `finish` sends the error at once, with the trace of the task, and lets the others end.
    private static func insertingFinish(_ plan: SimulatedPlan, _ tasks: [SimulatedEvent]) -> [SimulatedEvent]
    {
        guard let fatal = plan.fatal, plan.isFinishing else { return tasks }
        guard let place = tasks.firstIndex(where: { $0.kind == .finished(fatal) }) else { return tasks }
        var tasks = tasks
        tasks.insert(SimulatedEvent(kind: .error(fatal), at: tasks[place].at), at: place + 1)
        return tasks
    }

    private static func ending(
        _ plan: SimulatedPlan,
        _ dialect: SimulatedDialect,
        _ killed: [SimulatedEvent]
    ) -> [SimulatedEvent] {
        let completed = SimulatedEvent(kind: .completed, at: plan.end)
        guard plan.fatal != nil, !plan.isFinishing else { return killed + [completed] }
        let error = SimulatedEvent(kind: .error(nil), at: plan.end)
        switch dialect {
        case .errorFirst: return [error] + killed + [completed]
        case .completedTwice: return killed + [completed, error, completed]
        case .errorLast: return killed + [completed, error]
        }
    }
}

extension SimulatedPlan {
    /// Whether strategy `finish` ended the run.
    var isFinishing: Bool {
        guard let fatal, case .failed(_, "FINISH") = attempts[fatal].outcome else { return false }
        return true
    }
}
