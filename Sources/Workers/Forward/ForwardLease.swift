internal import Synchronization

/// Whether this Weir leads: the leader's maintenance job renews it. Any thread.
final class ForwardLease: Sendable {
    private static let length = Duration.seconds(10)
    // Guards the end of the lease.
    private let end = Mutex<ContinuousClock.Instant?>(nil)

    func renew() { end.withLock { $0 = .now + Self.length } }

    var isHeld: Bool { end.withLock { $0.map { .now < $0 } ?? false } }
}
