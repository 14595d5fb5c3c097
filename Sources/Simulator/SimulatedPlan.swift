/// Everything that happens in one simulated run, ordered by time.
struct SimulatedPlan: Sendable {
    /// Attempts in the order of their task ids, which is the order of submission.
    var attempts: [SimulatedAttempt]
    /// Milliseconds since 1970.
    let start: Int64
    var end: Int64
    /// The attempt that ended the run, as an index into `attempts`.
    var fatal: Int?
    /// Samples that completed the whole chain.
    var finishedSamples: Set<Int>
    /// Tasks that an earlier run completed. The weblog does not tell them; Tower's client does.
    var cached: [SimulatedAttempt]

    /// Plans a run of `tasks` tasks that resumes another run, if `resumed` is one: its finished samples are cached.
    init(
        tasks: Int,
        start: Int64,
        failureShare: Double,
        resuming resumed: SimulatedPlan? = nil,
        _ random: inout SeededGenerator
    ) {
        let chain = SimulatorPipeline.processes.count
        let samples = (tasks + chain - 1) / chain
        self.start = start
        attempts = []
        end = start + 4000
        let skipped = resumed?.finishedSamples ?? []
        finishedSamples = skipped
        cached = resumed.map { $0.cached + $0.attempts.filter { $0.outcome == .completed } } ?? []
        cached.removeAll { !skipped.contains($0.sample) }
        var workers = [Int64](repeating: start + 3000, count: max(4, min(64, samples)))
        for sample in 0..<samples where !skipped.contains(sample) {
            let length = min(chain, tasks - sample * chain)
            let worker = sample % workers.count
            let line = SampleLine(sample: sample, length: length, failureShare: failureShare)
            let made = line.plan(from: workers[worker], &random)
            attempts += made
            workers[worker] = made.last?.complete ?? workers[worker]
        }
        settle()
        let completed = attempts.filter { $0.outcome == .completed }.map { ($0.sample, 1) }
        for (sample, count) in Dictionary(completed, uniquingKeysWith: +)
        where count == min(chain, tasks - sample * chain) {
            finishedSamples.insert(sample)
        }
    }

    /// Orders the attempts, and ends the run at the first fatal failure.
    private mutating func settle() {
        attempts.sort { ($0.queued, $0.sample, $0.process) < ($1.queued, $1.sample, $1.process) }
        if let ending = attempts.filter(\.isFatal).map(\.complete).min() {
            attempts.removeAll { $0.queued > ending || ($0.isFatal && $0.complete > ending) }
            cutShort(at: ending)
        }
        for index in cached.indices { cached[index].taskID = index + 1 }
        for index in attempts.indices { attempts[index].taskID = cached.count + index + 1 }
        fatal = attempts.firstIndex(where: \.isFatal)
        end = (attempts.map(\.complete).max() ?? start) + 1200
    }

    private mutating func cutShort(at ending: Int64) {
        // With strategy `finish`, running tasks may complete; no new ones are submitted.
        let finishes = attempts.contains {
            if case .failed(_, "FINISH") = $0.outcome { return $0.complete == ending }
            return false
        }
        guard !finishes else { return }
        for index in attempts.indices where attempts[index].complete > ending {
            attempts[index].outcome = .aborted
            attempts[index].complete = ending
        }
    }
}

/// The way of one sample through the processes.
private struct SampleLine {
    let sample: Int
    let length: Int
    let failureShare: Double

    func plan(from ready: Int64, _ random: inout SeededGenerator) -> [SimulatedAttempt] {
        var made: [SimulatedAttempt] = []
        var clock = ready
        for process in 0..<length {
            var attempt = 1
            while true {
                let next = execute(process, attempt, at: clock, &random)
                made.append(next)
                clock = next.complete + 200
                if case .completed = next.outcome { break }
                if case .failed(_, "RETRY") = next.outcome {
                    attempt += 1
                    continue
                }
                return made
            }
        }
        return made
    }

    private func execute(
        _ process: Int,
        _ attempt: Int,
        at ready: Int64,
        _ random: inout SeededGenerator
    ) -> SimulatedAttempt {
        let kind = SimulatorPipeline.processes[process]
        let submit = ready + Int64(100 + 400 * random.fraction())
        let waits = Int64(2000 + 30_000 * random.fraction() * random.fraction())
        let computes = Int64(kind.typicalMilliseconds * random.spread())
        let outcome = outcome(of: kind, attempt, &random)
        let isRefused = if case .notSubmitted = outcome { true } else { false }
        return SimulatedAttempt(
            process: process,
            sample: sample,
            attempt: attempt,
            hash: random.hexDigits(32),
            queued: submit,
            submit: isRefused ? 0 : submit,
            start: isRefused ? 0 : submit + waits,
            complete: isRefused
                ? submit + 50 : submit + waits + (outcome == .completed ? computes : computes / 3),
            outcome: outcome,
            load: 0.2 + 0.75 * random.fraction()
        )
    }

    private func outcome(
        of kind: SimulatorPipeline.Process,
        _ attempt: Int,
        _ random: inout SeededGenerator
    ) -> SimulatedAttempt.Outcome {
        // A retry has more memory, so it seldom fails for the same reason.
        let probability = failureShare * kind.fragility / (attempt > 1 ? 3 : 1)
        guard random.chance(probability) else { return .completed }
        if random.chance(0.01) { return .notSubmitted(action: "TERMINATE") }
        // As in real pipelines, a task that was killed for its resources is retried with more; a task with an error
        // is not.
        if random.chance(0.8) {
            let exit = random.chance(0.8) ? 137 : 140
            return .failed(exit: exit, action: attempt < 3 ? "RETRY" : "TERMINATE")
        }
        let exit = random.pick([1, 1, 2, 127]) ?? 1
        return .failed(
            exit: exit,
            action: random.pick(["TERMINATE", "TERMINATE", "FINISH", "IGNORE"]) ?? "FINISH"
        )
    }
}
