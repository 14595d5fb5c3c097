import Dispatch
import Glibc
import Synchronization

/// SIGTERM and SIGINT: the first asks to stop, the second stops at once.
package final class StopSignals: Sendable {
    /// Two signals closer than this are one: `timeout` and some shells send both to a process and to its group.
    private static let together = Duration.milliseconds(500)

    private struct Guarded {
        var first: ContinuousClock.Instant?
        var waiter: CheckedContinuation<Void, Never>?
    }

    // Guards when the first signal came and who waits for the first.
    private let guarded = Mutex(Guarded())
    nonisolated(unsafe) private let sources: [any DispatchSourceSignal]  // safe: only kept alive here

    /// Takes the signals over from now on.
    package init() {
        let queue = DispatchQueue(label: "weir.signals")
        sources = [SIGTERM, SIGINT].map { number in
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
        StandardStreams.writeError("weir: second signal, stopping at once")
        _exit(130)
    }
}
