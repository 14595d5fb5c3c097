package import Journal

/// Lets a read see what was written before it: "you read what you wrote". Design §1.
package struct ReadGate: Sendable {
    private let durableSeq: @Sendable () -> Int64
    private let progress: StreamProgress
    private let patience: Duration

    /// Makes the gate of a stream; a read waits at most `patience`.
    package init(journal: Journal, progress: StreamProgress, patience: Duration) {
        self.init(durableSeq: { journal.durableSeq }, progress: progress, patience: patience)
    }

    /// Makes the gate of a stream from where its durable position can be asked.
    package init(
        durableSeq: @escaping @Sendable () -> Int64,
        progress: StreamProgress,
        patience: Duration
    ) {
        self.durableSeq = durableSeq
        self.progress = progress
        self.patience = patience
    }

    /// Waits until everything that was acknowledged before this call is visible.
    ///
    /// - Returns: how many lines are still missing; 0 when none.
    package func wait() async -> Int64 {
        let target = durableSeq()
        if await progress.wait(for: target, atMost: patience) { return 0 }
        return max(0, target - progress.snapshot.appliedSeq)
    }
}
