internal import Core
internal import Logging
internal import Metrics

/// The answer to a request of remote-write.
struct ForwardAnswer: Sendable {
    let status: Int
    /// In seconds.
    var retryAfter: Int64?
}

/// Sends requests of remote-write until they are taken or refused for good.
struct ForwardSender: Sendable {
    /// Sends one request and throws when there is no answer.
    typealias Post =
        @Sendable (_ fields: [NamedValue], _ body: [UInt8]) async throws(ForwardFailure) -> ForwardAnswer

    let url: String
    let headers: [NamedValue]
    let post: Post
    let metrics: ForwardMetrics
    let logger: Logger
    /// The first pause; it is doubled up to a minute.
    var pause = Duration.seconds(1)

    private static let longestPause = Duration.seconds(60)
    private static let longestRetryAfter: Int64 = 600

    /// Sends a message with some samples, of which the oldest arrived at `arrival`.
    ///
    /// - Returns: false when `isAllowed` became false, or the task was cancelled, before there was an answer that counts.
    func send(
        _ message: [UInt8],
        samples: Int,
        since arrival: Timestamp,
        while isAllowed: @Sendable () async -> Bool
    ) async -> Bool {
        let body = Snappy.encode(message)
        var pause = pause
        while await isAllowed(), !Task.isCancelled {
            let wait: Duration
            switch await attempt(body) {
            case .taken:
                metrics.sent.increment(by: samples)
                return true
            case .refused(let status):
                logger.error(
                    "samples were refused, and are not sent again",
                    metadata: ["status": "\(status)", "samples": "\(samples)"]
                )
                metrics.refused.increment(by: samples)
                return true
            case .again(let after, let why):
                logger.warning("samples are not taken now; trying again", metadata: ["why": "\(why)"])
                metrics.retries.increment()
                metrics.lag.set((Timestamp.now() - arrival) / .seconds(1))
                wait = after ?? pause
            }
            try? await Task.sleep(for: wait)
            pause = min(pause * 2, Self.longestPause)
        }
        return false
    }

    private enum Verdict {
        case taken
        case refused(Int)
        case again(after: Duration?, why: String)
    }

    private func attempt(_ body: [UInt8]) async -> Verdict {
        do throws(ForwardFailure) {
            let answer = try await post(Self.fields + headers, body)
            switch answer.status {
            case 200..<300: return .taken
            // Who redirects has not read it: somebody will mend the URL, or the receiver.
            case 300..<400, 429, 500...:
                // Zero would be a loop without a pause.
                let after = answer.retryAfter.flatMap {
                    $0 > 0 ? Duration.seconds(min($0, Self.longestRetryAfter)) : nil
                }
                return .again(after: after, why: "status \(answer.status)")
            default: return .refused(answer.status)
            }
        } catch {
            return .again(after: nil, why: error.why)
        }
    }

    private static let fields = [
        NamedValue(name: "Content-Type", value: "application/x-protobuf"),
        NamedValue(name: "Content-Encoding", value: "snappy"),
        NamedValue(name: "X-Prometheus-Remote-Write-Version", value: "0.1.0"),
        NamedValue(name: "User-Agent", value: "weir"),
    ]
}

/// There is no answer.
struct ForwardFailure: Error {
    let why: String
}
