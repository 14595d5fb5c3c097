import Dispatch
import Glibc
import Synchronization

/// SIGTERM, SIGINT, SIGQUIT and SIGHUP: the first one stops in order, the second one at once.
///
/// A closed terminal sends SIGHUP; without a handler the private cluster would be left running. Under `nohup` it
/// stays ignored.
package final class StopSignals: Sendable {
    /// Two signals within this time count as one: `timeout` and some shells send both to a process and to its group.
    private static let together = Duration.milliseconds(500)

    private struct Guarded {
        var first: ContinuousClock.Instant?
        var waiter: CheckedContinuation<Void, Never>?
    }

    // Guards the time of the first signal and the tasks that wait for it.
    private let guarded = Mutex(Guarded())
    nonisolated(unsafe) private let sources: [any DispatchSourceSignal]  // safe: only kept alive here

    private let tellSecond: @Sendable () -> Void

    /// Catches the signals from now on; `tellSecond` is called before the second one ends the process.
    package init(tellSecond: @escaping @Sendable () -> Void) {
        self.tellSecond = tellSecond
        let queue = DispatchQueue(label: "weir.signals")
        let numbers = [SIGTERM, SIGINT] + [SIGQUIT, SIGHUP].filter { !Interruption.isIgnored($0) }
        sources = numbers.map { number in
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: queue)
        }
        for source in sources {
            source.setEventHandler { [weak self] in self?.arrived() }
            source.resume()
        }
    }

    /// Waits for the first signal; returns at once when it came before.
    package func waitForFirst() async {
        await withCheckedContinuation { continuation in
            let isHere = guarded.withLock { guarded in
                if guarded.first == nil { guarded.waiter = continuation }
                return guarded.first != nil
            }
            if isHere { continuation.resume() }
        }
    }

    private func arrived() {
        let now = ContinuousClock.now
        let (isSecond, waiter) = guarded.withLock { guarded in
            defer { guarded.waiter = nil }
            let first = guarded.first ?? now
            guarded.first = first
            return (now - first > Self.together, guarded.waiter)
        }
        waiter?.resume()
        guard isSecond else { return }
        tellSecond()
        _exit(130)
    }
}
