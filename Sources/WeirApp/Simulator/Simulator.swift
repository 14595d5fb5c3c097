import Core
import Dispatch
import Glibc
import Synchronization

/// Behaves like a number of Nextflow runs: each sends its events one at a time over one kept connection.
package struct Simulator: Sendable {
    private let options: SimulatorOptions

    /// Makes a simulator; nothing is sent yet.
    package init(_ options: SimulatorOptions) {
        self.options = options
    }

    /// Sends everything, on threads of its own, and says what became of it. Bounded by the options.
    package func run() async -> SimulatorReport {
        let clock = ContinuousClock()
        let started = clock.now
        let schedule = SimulatorSchedule(eventsPerSecond: options.eventsPerSecond)
        var total = await withTaskGroup(of: SimulatorReport.self) { group in
            for number in 0..<min(options.senders, options.sessions) {
                group.addTask { [options] in
                    await Self.onThread("weir.simulate.\(number)") {
                        var sender = SimulatorSender(options, schedule)
                        while let session = schedule.nextSession(of: options.sessions) {
                            sender.send(SimulatedSession(number: session, options))
                        }
                        return sender.report
                    }
                }
            }
            return await group.reduce(into: SimulatorReport()) { $0.merge($1) }
        }
        total.elapsed = clock.now - started
        return total
    }

    private static func onThread<Value: Sendable>(
        _ label: String,
        _ body: @escaping @Sendable () -> Value
    ) async -> Value {
        // A queue of its own, since senders block; two cooperative threads would be no crowd of clients.
        let queue = DispatchQueue(label: label)
        return await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: body()) }
        }
    }
}

/// When the next event may go, over all senders.
final class SimulatorSchedule: Sendable {
    private let nanosecondsPerEvent: Double
    private let begin = DispatchTime.now().uptimeNanoseconds
    private let taken = Atomic(0)
    private let sessions = Atomic(0)

    init(eventsPerSecond: Double) {
        nanosecondsPerEvent = eventsPerSecond > 0 ? 1e9 / eventsPerSecond : 0
    }

    /// The number of a session that nobody has taken; nil when all are taken.
    func nextSession(of count: Int) -> Int? {
        let session = sessions.add(1, ordering: .relaxed).oldValue
        return session < count ? session : nil
    }

    /// Blocks until it is the turn of one more event.
    func waitForTurn() {
        guard nanosecondsPerEvent > 0 else { return }
        let turn = taken.add(1, ordering: .relaxed).oldValue
        let due = begin + UInt64(Double(turn) * nanosecondsPerEvent)
        let now = DispatchTime.now().uptimeNanoseconds
        if due > now { usleep(UInt32(clamping: (due - now) / 1000)) }
    }
}
