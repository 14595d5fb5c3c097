internal import Core

/// The counts of a run, in all and by process, as Nextflow keeps them (contract nextflow §5.3 (3)).
struct SimulatedTally: Sendable {
    /// The counts of a process, or of the run.
    struct Counts: Sendable {
        var pending = 0
        var submitted = 0
        var running = 0
        var succeeded = 0
        var cached = 0
        var failed = 0
        var aborted = 0
        var ignored = 0
        var retries = 0
        var loadCpus = 0
        var loadMemory = 0
        var peakRunning = 0
        var peakCpus = 0
        var peakMemory = 0
    }

    private(set) var run = Counts()
    private(set) var processes = SimulatorPipeline.processes.map { _ in Counts() }
    private var workDirectories: [String?] = SimulatorPipeline.processes.map { _ in nil }
    /// Milliseconds.
    private(set) var succeededTime: Int64 = 0
    private(set) var failedTime: Int64 = 0
    private(set) var cachedTime: Int64 = 0

    /// Counts nothing yet.
    init() {}

    /// Counts the whole of a run.
    init(of plan: SimulatedPlan) {
        for change in SimulatedChange.all(of: plan) { note(change) }
    }

    /// Counts a change; those of a task come in their order.
    mutating func note(_ change: SimulatedChange) {
        let attempt = change.attempt
        run.note(attempt, change.stage)
        processes[attempt.process].note(attempt, change.stage)
        workDirectories[attempt.process] = attempt.workDirectory
        switch (change.stage, attempt.outcome) {
        case (.cached, _): cachedTime += attempt.realtime
        case (.finished, .completed): succeededTime += attempt.realtime
        case (.finished, .failed): failedTime += attempt.realtime
        default: break
        }
    }

    /// Before Nextflow has counted what it killed: as running still (contract nextflow §10 (4)).
    var beforeKilling: SimulatedTally {
        var tally = self
        tally.run.unkill()
        for index in tally.processes.indices { tally.processes[index].unkill() }
        return tally
    }

    // MARK: - JSON

    /// Writes `progress`.
    func progress(_ dialect: SimulatedDialect, isEnd: Bool, into progress: inout JSONWriter) {
        run.write(into: &progress)
        progress.array("processes") { write(dialect, isEnd: isEnd, into: &$0) }
    }

    private func write(_ dialect: SimulatedDialect?, isEnd: Bool, into array: inout JSONWriter) {
        for (index, counts) in processes.enumerated() {
            array.object { process in
                process.member("index", index + 1)
                process.member("name", SimulatorPipeline.processes[index].name)
                if dialect == .errorLast { process.member("workDir", workDirectories[index]) }
                counts.write(into: &process)
                process.member("stored", 0)
                process.member("terminated", isEnd && counts.pending + counts.running == 0)
            }
        }
    }

    /// Writes `stats` of a workflow (contract nextflow §4.5).
    func statistics(at now: Int64, into stats: inout JSONWriter) {
        let unexcused = run.failed - run.retries - run.ignored
        let total = run.succeeded + run.cached + run.ignored + run.aborted + unexcused
        func share(_ count: Int) -> Double {
            total > 0 ? (Double(count) * 10_000 / Double(total)).rounded() / 100 : 0
        }
        stats.member("changeTimestamp", now)
        for (name, count) in run.states { stats.member("\(name)Count", count) }
        for (name, value) in run.loads { stats.member(name, value) }
        stats.member("succeedCount", run.succeeded)
        stats.member("totalCount", total)
        stats.member("effectiveFailedCount", unexcused)
        stats.member("succeedDuration", succeededTime)
        stats.member("failedDuration", failedTime)
        stats.member("cachedDuration", cachedTime)
        stats.member("succeedPct", share(run.succeeded))
        stats.member("cachedPct", share(run.cached))
        stats.member("ignoredPct", share(run.ignored))
        stats.member("effectiveFailedPct", share(unexcused))
        stats.member("succeedCountFmt", "\(run.succeeded)")
        stats.member("cachedCountFmt", "\(run.cached)")
        stats.member("failedCountFmt", "\(run.failed)")
        stats.member("ignoredCountFmt", "\(run.ignored)")
        stats.member("loadMemoryFmt", "\(run.loadMemory >> 20) MB")
        stats.member("peakMemoryFmt", "\(run.peakMemory >> 20) MB")
        stats.member("computeTimeFmt", "(a few seconds)")
        stats.member("progressLength", processes.count)
        stats.array("processes") { write(nil, isEnd: true, into: &$0) }
    }
}

extension SimulatedTally.Counts {
    fileprivate var states: [(String, Int)] {
        [
            ("pending", pending), ("submitted", submitted), ("running", running), ("succeeded", succeeded),
            ("cached", cached), ("failed", failed), ("aborted", aborted), ("ignored", ignored),
            ("retries", retries),
        ]
    }

    fileprivate var loads: [(String, Int)] {
        [
            ("loadCpus", loadCpus), ("loadMemory", loadMemory), ("peakRunning", peakRunning),
            ("peakCpus", peakCpus), ("peakMemory", peakMemory),
        ]
    }

    fileprivate func write(into object: inout JSONWriter) {
        for (name, count) in states + loads { object.member(name, count) }
    }

    fileprivate mutating func note(_ attempt: SimulatedAttempt, _ stage: SimulatedStage) {
        switch stage {
        case .new: pending += 1
        case .cached: cached += 1
        case .submitted:
            pending -= 1
            submitted += 1
        case .running:
            submitted -= 1
            running += 1
            load(attempt, 1)
        case .finished:
            leave(attempt)
            end(attempt)
        }
    }

    private mutating func leave(_ attempt: SimulatedAttempt) {
        if attempt.isStarted {
            running -= 1
            load(attempt, -1)
        } else if attempt.submit > 0 {
            submitted -= 1
        } else {
            pending -= 1
        }
    }

    private mutating func end(_ attempt: SimulatedAttempt) {
        switch attempt.outcome {
        case .completed: succeeded += 1
        case .aborted: aborted += 1
        case .failed, .notSubmitted: failed += 1
        }
        if attempt.outcome.action == "RETRY" { retries += 1 }
        if attempt.outcome.action == "IGNORE" { ignored += 1 }
    }

    private mutating func load(_ attempt: SimulatedAttempt, _ sign: Int) {
        loadCpus += sign * SimulatorPipeline.processes[attempt.process].cpus
        loadMemory += sign * attempt.memory
        peakRunning = max(peakRunning, running)
        peakCpus = max(peakCpus, loadCpus)
        peakMemory = max(peakMemory, loadMemory)
    }

    fileprivate mutating func unkill() {
        running += aborted
        aborted = 0
    }
}
