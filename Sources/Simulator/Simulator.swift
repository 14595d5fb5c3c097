internal import Core
internal import Dispatch
internal import Glibc
internal import Synchronization

/// Simulates a number of Nextflow runs: each sends its events one at a time over one kept connection.
package struct Simulator: Sendable {
    private let options: SimulatorOptions
    private let schedule: SimulatorSchedule

    /// Makes a simulator; nothing is sent yet.
    package init(_ options: SimulatorOptions) {
        self.options = options
        schedule = SimulatorSchedule(eventsPerSecond: options.eventsPerSecond)
    }

    /// Sends all events, on separate threads, and returns a report. Bounded by the options.
    ///
    /// After `stop` it reports everything up to then, and does not wait for outstanding responses.
    package func run() async -> SimulatorReport {
        let clock = ContinuousClock()
        let started = clock.now
        let ledgers = (0..<min(options.senders, options.sessions)).map { _ in SimulatorLedger() }
        let work = Task { [schedule] in
            await send(ledgers)
            schedule.end.settle(())
        }
        await schedule.end.value
        work.cancel()
        var total = ledgers.reduce(into: SimulatorReport()) { $0.merge($1.report) }
        total.elapsed = clock.now - started
        total.isCutShort = schedule.isStopped
        return total
    }

    /// Stops sending; call it from any thread.
    package func stop() {
        schedule.stop()
    }

    private func send(_ ledgers: [SimulatorLedger]) async {
        await withTaskGroup(of: Void.self) { group in
            for (number, ledger) in ledgers.enumerated() {
                group.addTask { [options, schedule] in
                    await Self.onThread("weir.simulate.\(number)") {
                        let sender = SimulatorSender(options, schedule, ledger)
                        while let session = schedule.nextSession(of: options.sessions) {
                            sender.send(SimulatedSession(number: session, options))
                        }
                    }
                }
            }
        }
    }

    private static func onThread<Value: Sendable>(
        _ label: String,
        _ body: @escaping @Sendable () -> Value
    ) async -> Value {
        // A separate queue, since senders block; two cooperative threads would not be enough for many clients.
        let queue = DispatchQueue(label: label)
        return await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: body()) }
        }
    }
}

/// The counts of one sender.
final class SimulatorLedger: Sendable {
    // Guards the counts, which are read while the sender may wait for a response.
    private let counts = Mutex(SimulatorReport())

    var report: SimulatorReport { counts.withLock { $0 } }

    func note(_ change: (inout SimulatorReport) -> Void) {
        counts.withLock { change(&$0) }
    }
}

/// When the next event may be sent, across all senders.
final class SimulatorSchedule: Sendable {
    private let nanosecondsPerEvent: Double
    private let begin = DispatchTime.now().uptimeNanoseconds
    private let taken = Atomic(0)
    private let sessions = Atomic(0)
    private let hasStopped = Atomic(false)
    /// Settled when everything is sent, or soon after `stop`.
    let end = FirstAnswer<Void>()

    init(eventsPerSecond: Double) {
        nanosecondsPerEvent = eventsPerSecond > 0 ? 1e9 / eventsPerSecond : 0
    }

    var isStopped: Bool { hasStopped.load(ordering: .relaxed) }

    func stop() {
        hasStopped.store(true, ordering: .relaxed)
        // Waits a moment for responses that are on their way.
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(500)) { self.end.settle(()) }
    }

    /// The number of the next session; nil when all are taken.
    func nextSession(of count: Int) -> Int? {
        guard !isStopped else { return nil }
        let session = sessions.add(1, ordering: .relaxed).oldValue
        return session < count ? session : nil
    }

    /// Blocks until one more event may be sent; false when sending has stopped.
    func waitForTurn() -> Bool {
        guard nanosecondsPerEvent > 0 else { return !isStopped }
        let turn = taken.add(1, ordering: .relaxed).oldValue
        let due = begin + UInt64(Double(turn) * nanosecondsPerEvent)
        while !isStopped {
            let now = DispatchTime.now().uptimeNanoseconds
            guard due > now else { return true }
            usleep(UInt32(min(100_000, (due - now) / 1000)))
        }
        return false
    }
}
