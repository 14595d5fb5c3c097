internal import Synchronization

/// A circuit breaker: after a failure no requests are sent for a while, so that a program does not wait for an absent
/// server in every run. Then one request is a probe. Any thread.
final class Breaker: Sendable {
    private static let longestPause: Duration = .seconds(300)

    private enum State {
        case closed
        case open(until: ContinuousClock.Instant, pause: Duration)
        /// One request is the probe; others are not sent meanwhile.
        case probing(pause: Duration)
    }

    /// Whether a request may be sent.
    enum Admission: Sendable, Equatable {
        /// Send it, with all attempts.
        case send
        /// Send it once.
        case probe
        /// Do not send it.
        case rest
    }

    private let pause: Duration?
    // Guards the state.
    private let state = Mutex(State.closed)

    /// Makes a breaker that pauses for `pause`, twice as long after each failed probe, and five minutes at most; nil
    /// never pauses.
    init(pause: Duration?) {
        self.pause = pause
    }

    /// Asks whether a request may be sent; `succeeded` or `failed` follows unless the answer is `rest`.
    func admit(at now: ContinuousClock.Instant = .now) -> Admission {
        state.withLock { state in
            switch state {
            case .closed: return .send
            case .probing: return .rest
            case .open(let until, let pause):
                guard now >= until else { return .rest }
                state = .probing(pause: pause)
                return .probe
            }
        }
    }

    /// A server responded, with any status.
    func succeeded() {
        state.withLock { $0 = .closed }
    }

    /// There was no response, or a 429 or 503.
    func failed(at now: ContinuousClock.Instant = .now) {
        guard let first = pause else { return }
        state.withLock { state in
            switch state {
            case .closed: state = .open(until: now + first, pause: first)
            case .open: break
            case .probing(let pause):
                let next = min(pause * 2, max(first, Self.longestPause))
                state = .open(until: now + next, pause: next)
            }
        }
    }
}
