package import Core

/// What a worker says that it is doing. Contract pipelogiq §7.1.
package enum WorkerState: String, CaseIterable, Sendable {
    case starting, ready, degraded, draining, stopped, error, offline

    /// The state as others see it: silence for longer than `limit` makes a worker that has not stopped offline.
    /// Contract pipelogiq §7.6.
    package func effective(lastSeen: Timestamp, now: Timestamp, offlineAfter limit: Duration) -> WorkerState {
        self != .stopped && now - lastSeen > limit ? .offline : self
    }
}

/// The level of a worker's event.
enum WorkerEventLevel: String, CaseIterable, Sendable {
    case trace = "TRACE"
    case debug = "DEBUG"
    case info = "INFO"
    case warn = "WARN"
    case error = "ERROR"

    /// An unknown word is `INFO`.
    init(reading word: String?) {
        let word = word?.uppercased() ?? ""
        self = word == "WARNING" ? .warn : WorkerEventLevel(rawValue: word) ?? .info
    }
}
