package import Core
internal import Dispatch
internal import Synchronization

/// How far a stream has been loaded by this process, for waiting reads, probes and metrics.
///
/// Any thread.
package final class StreamProgress: Sendable {
    /// The state of a stream's loader.
    package enum State: Hashable, Sendable {
        /// Not started yet: PostgreSQL cannot be reached, or the schema is missing.
        case waiting
        /// Applying lines as they arrive.
        case running
        /// PostgreSQL is away or refuses for now; the loader retries.
        case backingOff(reason: String)
        /// PostgreSQL refuses Weir's own statements (SQLSTATE class 42): nothing is applied until this is fixed.
        case stopped(reason: String)

        /// Whether a line is likely to be applied soon.
        var isHopeful: Bool { self == .running || self == .waiting }
    }

    /// The numbers at one moment.
    package struct Snapshot: Sendable {
        /// The state of the loader.
        package var state: State = .waiting
        /// The last line applied; 0 before the first.
        package var appliedSeq: Int64 = 0
        /// The position in PostgreSQL: smaller than `appliedSeq` while only lines of other streams arrive.
        package var storedSeq: Int64 = 0
        /// When that line arrived.
        package var appliedAt: Timestamp?
        /// Batches committed by this process.
        package var batches = 0
        /// Lines committed by this process.
        package var lines = 0
        /// Elements that became dead letters in this process.
        package var deadLetters = 0
        /// Attempts that failed and were retried.
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
    // Guards the numbers and the waiting reads.
    private let guarded = Mutex(Guarded())

    /// Makes the progress of a stream that has not started.
    package init(stream: String) {
        self.stream = stream
    }

    /// The current numbers.
    package var snapshot: Snapshot {
        guarded.withLock { $0.snapshot }
    }

    /// Waits until the line `seq` is applied.
    ///
    /// - Returns: false when this did not happen within `timeout`, or at once when PostgreSQL does not take rows.
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

    /// Stores the position from which the loader begins.
    func began(at seq: Int64) {
        update { snapshot in
            snapshot.appliedSeq = seq
            snapshot.storedSeq = seq
        }
    }

    /// Stores the new state of the loader.
    func turned(_ state: State) {
        update { snapshot in
            if case .backingOff = state { snapshot.retries += 1 }
            snapshot.state = state
        }
    }

    /// Stores the numbers of a committed batch.
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

    /// Stores that no line up to `seq` was for this stream; PostgreSQL need not know yet.
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
