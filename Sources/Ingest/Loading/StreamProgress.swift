package import Core
internal import Dispatch
internal import Synchronization

/// How far a stream has been loaded by this process, for waiting reads, probes and metrics.
///
/// Any thread.
package final class StreamProgress: Sendable {
    /// What the loader of a stream is doing.
    package enum State: Hashable, Sendable {
        /// Not started yet: PostgreSQL or the schema is not there.
        case waiting
        /// Applying lines as they come.
        case running
        /// PostgreSQL is away or refuses for now; it is asked again and again.
        case backingOff(reason: String)
        /// Our own statements are refused (SQLSTATE class 42): nothing is applied until that is mended.
        case stopped(reason: String)

        /// Whether it is worth waiting a moment for a line to be applied.
        var isHopeful: Bool { self == .running || self == .waiting }
    }

    /// A moment's numbers.
    package struct Snapshot: Sendable {
        /// What the loader is doing.
        package var state: State = .waiting
        /// The last line applied, 0 before any.
        package var appliedSeq: Int64 = 0
        /// The position that PostgreSQL has: behind `appliedSeq` while only lines of other streams came since.
        package var storedSeq: Int64 = 0
        /// When that line had arrived.
        package var appliedAt: Timestamp?
        /// Batches committed by this process.
        package var batches = 0
        /// Lines committed by this process.
        package var lines = 0
        /// Elements that became dead letters in this process.
        package var deadLetters = 0
        /// Attempts that failed and were repeated.
        package var retries = 0
    }

    private struct Waiter {
        let seq: Int64
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct Guarded {
        var snapshot = Snapshot()
        var waiters: [UInt64: Waiter] = [:]
        var nextWaiter: UInt64 = 0
    }

    /// The name of the stream.
    package let stream: String
    // Guards the numbers and those who wait for them.
    private let guarded = Mutex(Guarded())

    /// Makes the progress of a stream that has not begun.
    package init(stream: String) {
        self.stream = stream
    }

    /// The numbers of this moment.
    package var snapshot: Snapshot {
        guarded.withLock { $0.snapshot }
    }

    /// Waits until the line `seq` is applied.
    ///
    /// - Returns: false when that did not happen within `timeout`, or at once when PostgreSQL does not take rows.
    package func wait(for seq: Int64, atMost timeout: Duration) async -> Bool {
        await withCheckedContinuation { continuation in
            let outcome: (answer: Bool?, id: UInt64) = guarded.withLock { guarded in
                if guarded.snapshot.appliedSeq >= seq { return (true, 0) }
                guard guarded.snapshot.state.isHopeful else { return (false, 0) }
                guarded.nextWaiter += 1
                guarded.waiters[guarded.nextWaiter] = Waiter(seq: seq, continuation: continuation)
                return (nil, guarded.nextWaiter)
            }
            if let answer = outcome.answer {
                continuation.resume(returning: answer)
            } else {
                giveUp(outcome.id, after: timeout)
            }
        }
    }

    private func giveUp(_ id: UInt64, after timeout: Duration) {
        let seconds = Double(timeout.components.seconds) + Double(timeout.components.attoseconds) / 1e18
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { [self] in
            let waiter = guarded.withLock { $0.waiters.removeValue(forKey: id) }
            waiter?.continuation.resume(returning: false)
        }
    }

    /// Notes where the loader begins.
    func began(at seq: Int64) {
        update { snapshot in
            snapshot.appliedSeq = seq
            snapshot.storedSeq = seq
        }
    }

    /// Notes what the loader is doing now.
    func turned(_ state: State) {
        update { snapshot in
            if case .backingOff = state { snapshot.retries += 1 }
            snapshot.state = state
        }
    }

    /// Notes a committed batch.
    func applied(through seq: Int64, at time: Timestamp?, lines: Int, deadLetters: Int) {
        update { snapshot in
            snapshot.appliedSeq = max(snapshot.appliedSeq, seq)
            snapshot.storedSeq = max(snapshot.storedSeq, seq)
            snapshot.appliedAt = time ?? snapshot.appliedAt
            snapshot.batches += 1
            snapshot.lines += lines
            snapshot.deadLetters += deadLetters
        }
    }

    /// Notes that nothing up to a line was for this stream; PostgreSQL need not know yet.
    func passed(through seq: Int64) {
        update { $0.appliedSeq = max($0.appliedSeq, seq) }
    }

    private func update(_ change: (inout Snapshot) -> Void) {
        let done: [Waiter] = guarded.withLock { guarded in
            change(&guarded.snapshot)
            let isHopeful = guarded.snapshot.state.isHopeful
            let reached = guarded.snapshot.appliedSeq
            let leaving = guarded.waiters.filter { !isHopeful || $0.value.seq <= reached }
            for id in leaving.keys { guarded.waiters[id] = nil }
            return Array(leaving.values)
        }
        let reached = snapshot.appliedSeq
        for waiter in done { waiter.continuation.resume(returning: waiter.seq <= reached) }
    }
}
