/// A task that has changed.
struct SimulatedChange: Sendable {
    let attempt: SimulatedAttempt
    let stage: SimulatedStage
    /// Milliseconds since 1970.
    let at: Int64

    /// Everything that happens to the tasks of a run, in the order of time.
    static func all(of plan: SimulatedPlan) -> [SimulatedChange] {
        var changes = plan.cached.map { SimulatedChange(attempt: $0, stage: .cached, at: plan.start + 2000) }
        for attempt in plan.attempts {
            func add(_ stage: SimulatedStage, _ at: Int64) {
                changes.append(SimulatedChange(attempt: attempt, stage: stage, at: at))
            }
            add(.new, attempt.queued - 300)
            if attempt.submit > 0 { add(.submitted, attempt.submit) }
            if attempt.isStarted { add(.running, attempt.start) }
            add(.finished, attempt.complete)
        }
        // The stages of a task stay in order: they are told in it, and the sort is stable.
        return changes.sorted { $0.at < $1.at }
    }
}

/// One call of Tower's client, not rendered yet.
struct SimulatedCall: Sendable {
    /// The kind of the call.
    enum Kind: Sendable {
        case create, begin
        /// With the tasks that have changed since the last call.
        case progress([SimulatedChange])
        case heartbeat
        /// The first of two still counts as running what was killed.
        case complete(isFirst: Bool)
    }

    let kind: Kind
    /// Milliseconds since 1970.
    let at: Int64
    /// The counts at that time.
    let tally: SimulatedTally

    /// The last part of its path.
    var name: String {
        switch kind {
        case .create: "create"
        case .begin: "begin"
        case .progress: "progress"
        case .heartbeat: "heartbeat"
        case .complete: "complete"
        }
    }
}

/// When Tower's client calls, and with which tasks (contract nextflow §5.3, §10 (4), (9)).
struct SimulatedCalls: Sendable {
    /// The most tasks of a call.
    static let mostTasks = 100
    /// A heartbeat follows so many milliseconds without a call.
    private static let silence: Int64 = 60_000

    private(set) var calls: [SimulatedCall] = []
    private let interval: Int64
    private var tally = SimulatedTally()
    private var lastCall: Int64
    private var changed: [SimulatedChange] = []
    // Where the change of a task stands in `changed`.
    private var places: [Int: Int] = [:]

    /// Makes the calls of a run; `interval` milliseconds pass between two that tell tasks, unless a call is full.
    init(of plan: SimulatedPlan, _ dialect: SimulatedDialect, interval: Int64) {
        self.interval = interval
        lastCall = plan.start
        add(.create, at: plan.start)
        add(.begin, at: plan.start + 1000)
        for change in SimulatedChange.all(of: plan) { note(change) }
        beat(until: plan.end)
        flush(at: plan.end)
        if dialect == .completedTwice, plan.fatal != nil, !plan.isFinishing {
            add(.complete(isFirst: true), at: plan.end)
        }
        add(.complete(isFirst: false), at: plan.end + 90)
    }

    private mutating func note(_ change: SimulatedChange) {
        beat(until: change.at)
        tally.note(change)
        if let place = places[change.attempt.taskID] {
            changed[place] = change
        } else {
            places[change.attempt.taskID] = changed.count
            changed.append(change)
        }
        if changed.count == Self.mostTasks { flush(at: change.at) }
    }

    /// Makes the calls that are due before a time.
    private mutating func beat(until now: Int64) {
        if let last = changed.last, now - lastCall > interval { flush(at: max(last.at, lastCall + interval)) }
        while changed.isEmpty, now - lastCall > Self.silence {
            add(.heartbeat, at: lastCall + Self.silence)
        }
    }

    private mutating func flush(at now: Int64) {
        guard !changed.isEmpty else { return }
        add(.progress(changed), at: now)
        changed = []
        places = [:]
    }

    private mutating func add(_ kind: SimulatedCall.Kind, at now: Int64) {
        calls.append(SimulatedCall(kind: kind, at: now, tally: tally))
        lastCall = now
    }
}
