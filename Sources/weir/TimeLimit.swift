import Dispatch
import Glibc
import Processes
import Synchronization

/// Ends a command that takes too long, and what it has started: SIGTERM, and SIGKILL for what is left after a grace.
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

    /// Starts the clock; `passed` is called when the time is up.
    func start(_ passed: @escaping @Sendable () -> Void) {
        queue.asyncAfter(deadline: .now() + limit.seconds) { [self] in
            guard !isOver.withLock({ $0 }) else { return }
            passed()
            family.send(SIGTERM)
            // What is stopped hears of it only when it goes on, as with coreutils' timeout.
            family.send(SIGCONT)
            let end = ContinuousClock.now + grace
            while !family.members().isEmpty {
                guard ContinuousClock.now < end else {
                    family.send(SIGKILL)
                    return
                }
                usleep(20_000)
            }
        }
    }

    /// Stops the clock. When the time was up, waits until all that the command started has ended; blocks.
    func commandHasEnded() {
        isOver.withLock { $0 = true }
        queue.sync {}
    }
}

extension Duration {
    /// Whole and fractional seconds.
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
