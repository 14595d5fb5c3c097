internal import Core
internal import Notifications

/// What follows from an attempt. Contract beampipe §11.3, pipelogiq §6.7.
struct RetryPlan: Sendable {
    /// Before the second attempt; each further pause is three times as long.
    var firstPause = Duration.seconds(5)
    var longestPause = Duration.seconds(900)
    /// The longest time that a receiver may ask for.
    var longestWish = Duration.seconds(3600)

    /// How an attempt is recorded. `jitter` is from -1 to 1.
    func result(
        of outcome: SendOutcome,
        attempts: Int,
        mostAttempts: Int,
        milliseconds: Int64,
        jitter: Double
    ) -> AttemptResult {
        switch outcome {
        case .sent(let status, let note):
            return AttemptResult(status: "sent", error: note, httpStatus: status, milliseconds: milliseconds)
        case .refused(let status, let why), .gone(let status, let why):
            return AttemptResult(status: "failed", error: why, httpStatus: status, milliseconds: milliseconds)
        case .again(let status, let after, let why):
            guard attempts < mostAttempts else {
                return AttemptResult(
                    status: "failed",
                    error: attempts > 1 ? "\(why) (given up after \(attempts) attempts)" : why,
                    httpStatus: status,
                    milliseconds: milliseconds
                )
            }
            return AttemptResult(
                status: "retrying",
                error: why,
                httpStatus: status,
                milliseconds: milliseconds,
                pause: pause(after: attempts, wished: after, jitter: jitter)
            )
        }
    }

    private func pause(after attempts: Int, wished: Duration?, jitter: Double) -> Duration {
        var pause = firstPause
        for _ in 1..<max(attempts, 1) where pause < longestPause { pause = pause * 3 }
        pause = min(pause, longestPause)
        pause = .seconds(pause / .seconds(1) * (1 + 0.2 * jitter))
        return max(pause, min(wished ?? .zero, longestWish))
    }
}
