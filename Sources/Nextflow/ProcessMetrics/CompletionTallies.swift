/// The counts of the endpoints `summary`, `retries`, `failures` and `failure-signatures`, made from the groups of one
/// window. Contract §2.2 to §2.6.
///
/// Where the contract does not define an order, the process decides, byte by byte.
struct CompletionTallies: Sendable {
    /// A process with its counts.
    struct ProcessTally: Sendable {
        let process: VerbatimText
        let tally: CompletionTally
    }

    /// A value that failures have, and the number of failures with it.
    struct FailureCount<Value: Sendable>: Sendable {
        let value: Value
        let failures: Int64
    }

    /// The fields by which failures are counted. Contract §2.6; §3 adds the error action.
    struct Signature: Hashable, Comparable, Sendable {
        let process: VerbatimText
        let exit: VerbatimText
        let errorAction: VerbatimText?

        static func < (left: Signature, right: Signature) -> Bool {
            if left.process != right.process { return left.process < right.process }
            if left.exit != right.exit { return left.exit < right.exit }
            return (left.errorAction ?? "") < (right.errorAction ?? "")
        }
    }

    private let groups: [CompletionGroup]
    /// Over all completions of the window.
    let total: CompletionTally
    private let byProcess: [VerbatimText: CompletionTally]

    init(_ groups: [CompletionGroup]) {
        var total = CompletionTally()
        var byProcess: [VerbatimText: CompletionTally] = [:]
        for group in groups {
            total.add(group)
            byProcess[group.process, default: CompletionTally()].add(group)
        }
        self.groups = groups
        self.total = total
        self.byProcess = byProcess
    }

    /// The number of processes, including `<null>`.
    var processCount: Int { byProcess.count }

    /// Processes with the most failures first.
    func processesByFailures(minSamples: Int64, limit: Int) -> [ProcessTally] {
        ranked(minSamples, limit) { ($0.failed, $0.failureShare) }
    }

    /// Processes with the most retries first.
    func processesByRetries(minSamples: Int64, limit: Int) -> [ProcessTally] {
        ranked(minSamples, limit) { ($0.retried, $0.retryShare) }
    }

    /// Attempts in ascending order.
    var attempts: [(attempt: Int64, tally: CompletionTally)] {
        var byAttempt: [Int64: CompletionTally] = [:]
        for group in groups { byAttempt[group.attempt, default: CompletionTally()].add(group) }
        return byAttempt.sorted { $0.key < $1.key }.map { (attempt: $0.key, tally: $0.value) }
    }

    /// Exit codes with the most failures first.
    func exitCodes(limit: Int) -> [FailureCount<VerbatimText>] {
        Array(counted(groups) { $0.exit }.prefix(limit))
    }

    /// Pairs of process and exit code with the most failures first; with `withAction` also by error action.
    func signatures(withAction: Bool, limit: Int) -> [FailureCount<Signature>] {
        let counts = counted(groups) { group in
            Signature(
                process: group.process,
                exit: group.exit,
                errorAction: withAction ? group.errorAction : nil
            )
        }
        return Array(counts.prefix(limit))
    }

    /// The most frequent exit code of each process's failures, and the most frequent error action if they have any.
    func modes(of processes: [ProcessTally]) -> [VerbatimText: (exit: VerbatimText?, action: VerbatimText?)] {
        var groupsOf: [VerbatimText: [CompletionGroup]] = [:]
        for process in processes { groupsOf[process.process] = [] }
        for group in groups where group.isFailure { groupsOf[group.process]?.append(group) }
        return groupsOf.mapValues { groups in
            let acted = groups.filter { $0.errorAction != "" }
            return (
                exit: counted(groups) { $0.exit }.first?.value,
                action: counted(acted) { $0.errorAction }.first?.value
            )
        }
    }

    /// Failures by a value, the most frequent first, then the least value.
    private func counted<Value: Hashable & Comparable & Sendable>(
        _ groups: [CompletionGroup],
        by value: (CompletionGroup) -> Value
    ) -> [FailureCount<Value>] {
        var failures: [Value: Int64] = [:]
        for group in groups where group.isFailure { failures[value(group), default: 0] += group.rows }
        return failures.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { FailureCount(value: $0.key, failures: $0.value) }
    }

    private func ranked(
        _ minSamples: Int64,
        _ limit: Int,
        by rank: (CompletionTally) -> (Int64, Percentage?)
    ) -> [ProcessTally] {
        let shown = byProcess.filter { $0.value.rows >= minSamples }
        let sorted = shown.sorted { left, right in
            let (leftCount, leftShare) = rank(left.value)
            let (rightCount, rightShare) = rank(right.value)
            if leftCount != rightCount { return leftCount > rightCount }
            if let leftShare, let rightShare, leftShare != rightShare { return leftShare > rightShare }
            if left.value.rows != right.value.rows { return left.value.rows > right.value.rows }
            return left.key < right.key
        }
        return sorted.prefix(limit).map { ProcessTally(process: $0.key, tally: $0.value) }
    }
}
