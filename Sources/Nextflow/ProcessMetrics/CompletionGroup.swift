internal import Core

/// Completions with the same values in all columns that the counting endpoints group by. Contract §2.1.
struct CompletionGroup: Sendable {
    /// `<null>` when the trace has none.
    var process: VerbatimText
    /// 0 when the trace has none.
    var attempt: Int64
    var status: VerbatimText
    /// `<null>` when the trace has none.
    var exit: VerbatimText
    /// Empty when the trace has none.
    var errorAction: VerbatimText
    var rows: Int64
    var lastUTC: Timestamp

    var isSuccess: Bool { status == "COMPLETED" }
    var isFailure: Bool { status == "FAILED" || status == "ABORTED" }
    var isRetry: Bool { attempt > 1 }
}

/// Counts over any number of groups of completions.
struct CompletionTally: Hashable, Sendable {
    private(set) var rows: Int64 = 0
    private(set) var succeeded: Int64 = 0
    private(set) var failed: Int64 = 0
    private(set) var retried: Int64 = 0
    private(set) var retriedAndSucceeded: Int64 = 0
    private(set) var retriedAndFailed: Int64 = 0
    private(set) var maxAttempt: Int64 = .min
    private(set) var lastUTC: Timestamp?

    mutating func add(_ group: CompletionGroup) {
        let isRetry = group.isRetry
        rows += group.rows
        if isRetry { retried += group.rows }
        if group.isSuccess {
            succeeded += group.rows
            if isRetry { retriedAndSucceeded += group.rows }
        } else if group.isFailure {
            failed += group.rows
            if isRetry { retriedAndFailed += group.rows }
        }
        maxAttempt = max(maxAttempt, group.attempt)
        lastUTC = max(lastUTC ?? group.lastUTC, group.lastUTC)
    }

    var failureShare: Percentage? { Percentage(failed, of: rows) }
    var retryShare: Percentage? { Percentage(retried, of: rows) }
    var retrySuccessShare: Percentage? { Percentage(retriedAndSucceeded, of: retried) }
}
