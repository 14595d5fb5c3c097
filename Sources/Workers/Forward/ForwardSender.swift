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

    let destination: ForwardDestination
    let headers: [NamedValue]
    let post: Post
    let metrics: ForwardMetrics
    let logger: Logger
    /// The first pause; it is doubled up to a minute.
    var pause = Duration.seconds(1)

    private static let longestPause = Duration.seconds(60)
    private static let longestRetryAfter: Int64 = 600

    /// Sends samples, of which the oldest arrived at `arrival`; as several requests where one is too large.
    ///
    /// - Returns: false when `isAllowed` became false, or the task was cancelled, before there was an answer that counts
    ///   to each of them. Some may have been taken.
    func send(
        _ series: [SeriesSamples],
        since arrival: Timestamp,
        while isAllowed: @Sendable () async -> Bool
    ) async -> Bool {
        let samples = series.reduce(0) { $0 + $1.values.count }
        let body = Snappy.encode(WriteRequestEncoder.message(series))
        var pause = pause
        while await isAllowed(), !Task.isCancelled {
            let wait: Duration
            switch await attempt(body) {
            case .taken:
                metrics.sent.increment(by: samples)
                return true
            case .tooLarge where samples > 1:
                logger.debug("a request is too large, and is halved", metadata: ["samples": "\(samples)"])
                let (first, second) = series.halves
                guard await send(first, since: arrival, while: isAllowed) else { return false }
                return await send(second, since: arrival, while: isAllowed)
            case .tooLarge:
                refuse(samples, status: 413)
                return true
            case .refused(let status):
                refuse(samples, status: status)
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

    private func refuse(_ samples: Int, status: Int) {
        logger.error(
            "samples were refused, and are not sent again",
            metadata: ["status": "\(status)", "samples": "\(samples)"]
        )
        metrics.refused.increment(by: samples)
    }

    private enum Verdict {
        case taken
        case refused(Int)
        case tooLarge
        case again(after: Duration?, why: String)
    }

    private func attempt(_ body: [UInt8]) async -> Verdict {
        do throws(ForwardFailure) {
            let answer = try await post(Self.fields + headers, body)
            switch answer.status {
            case 200..<300: return .taken
            case 413: return .tooLarge
            // Who redirects has not read it: somebody will mend the URL, or the receiver.
            case 300..<400, 408, 425, 429, 500...:
                // Zero would be a loop without a pause.
                let after = answer.retryAfter.flatMap {
                    $0 > 0 ? Duration.seconds(min($0, Self.longestRetryAfter)) : nil
                }
                return .again(after: after, why: "status \(answer.status)")
            default:
                if let mistake = Self.mistake(answer.status) {
                    return .again(after: nil, why: "status \(answer.status): \(mistake)")
                }
                return .refused(answer.status)
            }
        } catch {
            return .again(after: nil, why: error.why)
        }
    }

    /// What an operator can mend; nil when a status is about the samples.
    private static func mistake(_ status: Int) -> String? {
        switch status {
        case 401, 403, 407:
            "see the credentials in WEIR_REMOTE_WRITE_HEADERS or WEIR_REMOTE_WRITE_URL, and what they permit"
        case 404, 405: "see whether the path of WEIR_REMOTE_WRITE_URL is the receiver's for remote-write"
        default: nil
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

extension [SeriesSamples] {
    /// The first and the second half of the samples, in their order.
    fileprivate var halves: (first: Self, second: Self) {
        var left = reduce(0) { $0 + $1.values.count } / 2
        var (first, second): (Self, Self) = ([], [])
        for series in self {
            let count = Swift.min(left, series.values.count)
            left -= count
            if count > 0 { first.append(series.part(0..<count)) }
            if count < series.values.count { second.append(series.part(count..<series.values.count)) }
        }
        return (first, second)
    }
}

extension SeriesSamples {
    fileprivate func part(_ range: Range<Int>) -> SeriesSamples {
        SeriesSamples(
            name: name,
            labels: labels,
            times: Array(times[range]),
            values: Array(values[range])
        )
    }
}
