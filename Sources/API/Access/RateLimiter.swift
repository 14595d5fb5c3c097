package import HTTP
internal import Synchronization

/// Bounds how many requests one client sends in any period, by its address. Contract §1.1 "Rate limit", beampipe §6.5.
///
/// Requests that are refused do not count. Any thread.
package final class RateLimiter: Sendable {
    /// How many clients are remembered; above that, those without recent requests are forgotten.
    private static let clients = 10_000

    private let limit: Int
    private let window: Duration
    private let envelope: ErrorEnvelope
    // Guards the moments of the requests of each client, the oldest first.
    private let moments = Mutex<[String: [ContinuousClock.Instant]]>([:])

    /// Makes a limiter of `limit` requests in any `window`; `envelope` is the form of its refusals.
    package init(_ limit: Int, per window: Duration = .seconds(60), envelope: ErrorEnvelope = .detail) {
        self.limit = limit
        self.window = window
        self.envelope = envelope
    }

    /// The response to a request above the limit; nil lets it pass, and counts it.
    package func refusal(of request: Request) -> Response? {
        admits(request.peer.address, at: .now) ? nil : refusal
    }

    /// Whether a client may send a request at a moment, which is not counted.
    package func hasRoom(for client: String, at now: ContinuousClock.Instant) -> Bool {
        let start = now - window
        return moments.withLock { moments in
            guard let recent = moments[client] else { return limit > 0 }
            // The oldest come first.
            return recent.reversed().prefix { $0 > start }.count < limit
        }
    }

    /// Whether a client may send a request at a moment; counts it if so.
    package func admits(_ client: String, at now: ContinuousClock.Instant) -> Bool {
        let start = now - window
        return moments.withLock { moments in
            if moments.count > Self.clients {
                moments = moments.filter { $0.value.last.map { $0 > start } ?? false }
            }
            var recent = moments[client, default: []]
            recent.removeFirst(recent.firstIndex { $0 > start } ?? recent.count)
            guard recent.count < limit else { return false }
            recent.append(now)
            moments[client] = recent
            return true
        }
    }

    private var refusal: Response {
        let seconds = window.components.seconds
        let period = seconds == 60 ? "minute" : "\(seconds) seconds"
        var response = envelope.response(
            .tooManyRequests,
            "Rate limit exceeded. Max \(limit) requests per \(period)."
        )
        response.fields.append("Retry-After", String(seconds))
        response.fields.append("X-RateLimit-Limit", String(limit))
        response.fields.append("X-RateLimit-Remaining", "0")
        return response
    }
}
