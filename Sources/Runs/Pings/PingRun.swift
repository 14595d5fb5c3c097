internal import Core

/// What a ping does to the run of its check: the times and the status that it tells, without SQL.
struct PingRun: Sendable {
    /// The job type and the trigger of runs that pings make.
    static let trigger = "ping"

    /// The run as it is when this ping is the first that is heard of it.
    let new: NewRun
    /// When the run began, by this ping; nil when it does not say.
    var start: Timestamp?
    /// How it ended, by this ping.
    var end: End?

    /// The end of a run.
    struct End: Sendable {
        let status: RunStatus
        let at: Timestamp
        let error: String?
        let exitStatus: Int?
    }
}

extension RunRecord {
    /// Tells what a ping says; pings of one run may come in any order.
    ///
    /// - Returns: whether anything has changed.
    mutating func tell(start: Timestamp?, end: PingRun.End?) -> Bool {
        var isChanged = false
        if let start, start < instant(.startTime) ?? .latest {
            set(.startTime, start.iso8601(offset: .plusZero))
            isChanged = true
        }
        // The first end counts; a repeated one says nothing new.
        if let end, end.at < instant(.endTime) ?? .latest {
            set(.status, end.status.rawValue)
            set(.endTime, end.at.iso8601(offset: .plusZero))
            set(.errorSummary, end.error)
            if let exit = end.exitStatus {
                self[.metricsJSON] = Array(#"{"exit_status":\#(exit)}"#.utf8)[...]
            }
            isChanged = true
            // Nobody told the beginning: it is the first end, whichever ping came first.
            if end.at < instant(.startTime) ?? .latest {
                set(.startTime, end.at.iso8601(offset: .plusZero))
            }
        }
        if isChanged, let start = instant(.startTime), let end = instant(.endTime) {
            let milliseconds = max(0, (end.microseconds - start.microseconds) / 1000)
            self[.durationMS] = Array(String(milliseconds).utf8)[...]
        }
        return isChanged
    }

    private func instant(_ field: RunField) -> Timestamp? {
        text(field).flatMap { RunTimestamp.instant(of: $0) }
    }
}
