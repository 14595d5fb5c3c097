import Dispatch
import Glibc
import Processes
import Synchronization

/// Ends a command that takes too long, and its descendants: by SIGTERM, and after a grace period by SIGKILL.
final class TimeLimit: Sendable {
    private let limit: Duration
    private let grace: Duration
    private let family: ProcessFamily
    private let queue = DispatchQueue(label: "weir.track.limit")
    // Guards whether the command has ended in time.
    private let isOver = Mutex(false)

    init(_ limit: Duration, killAfter grace: Duration, _ family: ProcessFamily) {
        self.limit = limit
        self.grace = grace
        self.family = family
    }

    /// Starts the timer; `passed` is called when the time is up.
    func start(_ passed: @escaping @Sendable () -> Void) {
        queue.asyncAfter(deadline: .now() + limit.seconds) { [self] in
            guard !isOver.withLock({ $0 }) else { return }
            passed()
            family.send(SIGTERM)
            // A stopped process gets SIGTERM only after SIGCONT, as with coreutils' timeout.
            family.send(SIGCONT)
            guard !hasEnded(within: grace) else { return }
            family.send(SIGKILL)
            // They end a moment later; a process that hangs in the kernel must not block this one for ever.
            _ = hasEnded(within: .seconds(5))
        }
    }

    private func hasEnded(within time: Duration) -> Bool {
        let end = ContinuousClock.now + time
        while !family.members().isEmpty {
            guard ContinuousClock.now < end else { return false }
            usleep(20_000)
        }
        return true
    }

    /// Stops the timer. If the time was up, waits until the command's descendants have ended; blocks.
    func commandHasEnded() {
        isOver.withLock { $0 = true }
        queue.sync {}
    }
}

extension Duration {
    /// Whole and fractional seconds.
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
