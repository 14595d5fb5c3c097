internal import Core
internal import Outbound
internal import Synchronization

/// Whether a TAP service answers: a real request, whose answer is kept for 15 seconds. Contract beampipe §1.2, D1.
///
/// Any answer below 500 means that it can be reached. Any thread.
final class TAPProbe: Sendable {
    /// What was found.
    struct Finding: Hashable, Sendable {
        var state: State
        var latency: Duration?
        var checkedAt: Timestamp?
        /// Why it is not reachable; without secrets.
        var detail: String?
    }

    enum State: String, Sendable {
        case notConfigured = "not_configured"
        case ok, error
    }

    private struct Guarded {
        var finding: Finding?
        var foundAt: ContinuousClock.Instant?
        /// Those who wait for the request that is under way; nil when there is none.
        var waiting: [FirstAnswer<Finding>]?
    }

    /// How long an answer is kept.
    static let lifetime = Duration.seconds(15)

    let name: String
    private let url: String?
    private let timeout: Duration
    private let client: OutboundClient
    // Guards the last finding and those who wait for the next.
    private let guarded = Mutex(Guarded())

    /// Makes a probe of a service; without a URL it asks nobody.
    init(_ name: String, url: String?, timeout: Duration, client: OutboundClient) {
        self.name = name
        self.url = url
        self.timeout = timeout
        self.client = client
    }

    /// Whether it has a URL.
    var isConfigured: Bool { url != nil }

    /// The last finding, be it old; nil before the first.
    var last: Finding? { url == nil ? Finding(state: .notConfigured) : guarded.withLock { $0.finding } }

    /// What is known, after at most `patience`: a service that takes longer shows what was found before.
    func finding(within patience: Duration) async -> Finding {
        guard let url else { return Finding(state: .notConfigured) }
        let answer = FirstAnswer<Finding>()
        let (fresh, isFirst): (Finding?, Bool) = guarded.withLock { guarded in
            if let found = guarded.finding, let at = guarded.foundAt, .now - at < Self.lifetime {
                return (found, false)
            }
            let isFirst = guarded.waiting == nil
            guarded.waiting = (guarded.waiting ?? []) + [answer]
            return (nil, isFirst)
        }
        if let fresh { return fresh }
        if isFirst { Task { await ask(url) } }
        let clock = Task {
            try? await Task.sleep(for: patience)
            answer.settle(last ?? Finding(state: .error, detail: "It has not answered yet."))
        }
        let found = await answer.value
        clock.cancel()
        return found
    }

    private func ask(_ url: String) async {
        var request = OutboundRequest("GET", url, fields: [], body: nil)
        request.timeout = timeout
        request.deadline = .now + timeout
        request.connectTimeout = min(timeout, .seconds(5))
        request.cutsAnswer = true
        request.answerLimit = 4096
        let start = ContinuousClock.now
        var finding = Finding(state: .ok, checkedAt: .now())
        do throws(OutboundError) {
            let response = try await client.send(request)
            if response.status >= 500 {
                finding.state = .error
                finding.detail = "It answers with status \(response.status)."
            }
        } catch {
            finding.state = .error
            finding.detail = "It cannot be reached: \(error.cause)."
        }
        finding.latency = .now - start
        let settled = finding
        let waiting: [FirstAnswer<Finding>] = guarded.withLock { guarded in
            guarded.finding = settled
            guarded.foundAt = .now
            defer { guarded.waiting = nil }
            return guarded.waiting ?? []
        }
        for answer in waiting { answer.settle(settled) }
    }
}
