internal import Core

/// The facts about a run that follow from all tasks of a file.
struct TraceOutline {
    private var executed = TimeSpan()
    private var reused = TimeSpan()
    /// How many tasks there are; repeated rows do not count.
    private(set) var tasks = 0
    private(set) var repeated = 0
    private(set) var cached = 0
    private var succeeded = 0
    private var failed = 0
    private var aborted = 0
    private var retried = 0
    private var ignored = 0
    private var open: [TraceStatus: Int] = [:]
    private var ledger = TraceLedger()
    // Names of tasks whose latest attempt failed, except for those that the run ignored.
    private var openFailures: Set<String> = []

    /// How many rows were read.
    var rows: Int { tasks + repeated }

    /// Tasks that were still waiting or running when their rows were written.
    var unfinished: Int { open.values.reduce(0, +) }

    /// Whether any task has a time.
    var hasTimes: Bool { !executed.isEmpty || !reused.isEmpty }

    /// Milliseconds since 1970. A cached task ran in an earlier run: its times count only when there are no others.
    var start: Int64 { executed.isEmpty ? reused.first : executed.first }
    var end: Int64 { executed.isEmpty ? reused.last : executed.last }

    /// A trace file does not say how its run ended. It counts as a success if no task was killed or left unfinished,
    /// and no failed one was left without a later success.
    var isSuccess: Bool { aborted == 0 && unfinished == 0 && openFailures.isEmpty }

    /// Counts a task.
    mutating func add(_ task: TraceTask) {
        switch ledger.take(task) {
        case .known:
            repeated += 1
            return
        case .news(let before):
            open[before, default: 1] -= 1
            repeated += 1
        case .first: tasks += 1
        }
        count(task, task["name"] ?? task["hash"] ?? "")
        if task.status == .cached { reused.add(task) } else { executed.add(task) }
    }

    private mutating func count(_ task: TraceTask, _ name: String) {
        switch task.status {
        case .cached: cached += 1
        case .completed:
            succeeded += 1
            openFailures.remove(name)
        case .aborted: aborted += 1
        case .failed:
            failed += 1
            switch task["error_action"] {
            case "IGNORE": ignored += 1
            case "RETRY":
                retried += 1
                openFailures.insert(name)
            default: openFailures.insert(name)
            }
        case .new, .pending, .submitted, .running:
            if let status = task.status { open[status, default: 0] += 1 }
        // Its outcome is not known.
        case nil: openFailures.insert(name)
        }
    }

    /// Writes the counts as Nextflow's own statistics have them. Contract nextflow §4.5.
    func writeStatistics(_ stats: inout JSONWriter) {
        stats.member("succeededCount", succeeded)
        stats.member("failedCount", failed)
        stats.member("abortedCount", aborted)
        stats.member("cachedCount", cached)
        stats.member("retriesCount", retried)
        stats.member("ignoredCount", ignored)
        guard unfinished > 0 else { return }
        stats.member("pendingCount", open[.new, default: 0] + open[.pending, default: 0])
        stats.member("submittedCount", open[.submitted, default: 0])
        stats.member("runningCount", open[.running, default: 0])
    }
}

/// The tasks that were read, and their states: a file that another was appended to, or that was written while its tasks
/// ran, has several rows of one task.
struct TraceLedger {
    /// What a row adds to its task.
    enum Entry: Equatable {
        case first
        /// A change from this state.
        case news(since: TraceStatus)
        /// No change.
        case known
    }

    private var states: [[String]: TraceStatus?] = [:]

    /// Enters a row.
    mutating func take(_ task: TraceTask) -> Entry {
        let status = task.status
        guard let before = states.updateValue(status, forKey: task.identity) else { return .first }
        if let before, before.isOpen, status != before, !(status == .submitted && before == .running) {
            return .news(since: before)
        }
        states[task.identity] = .some(before)
        return .known
    }
}

private struct TimeSpan {
    var first = Int64.max
    var last = Int64.min

    var isEmpty: Bool { first > last }

    mutating func add(_ task: TraceTask) {
        if let time = task.first { first = min(first, time) }
        if let time = task.last { last = max(last, time) }
    }
}
