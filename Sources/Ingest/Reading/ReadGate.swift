package import Journal

/// Lets a read see everything that was written before it: "you read what you wrote". Design §1.
package struct ReadGate: Sendable {
    private let durableSeq: @Sendable () -> Int64
    private let progress: StreamProgress
    private let patience: Duration

    /// Makes the gate of a stream; a read waits at most `patience`.
    package init(journal: Journal, progress: StreamProgress, patience: Duration) {
        self.init(durableSeq: { journal.durableSeq }, progress: progress, patience: patience)
    }

    /// Makes the gate of a stream from a function that returns its last durable line.
    package init(
        durableSeq: @escaping @Sendable () -> Int64,
        progress: StreamProgress,
        patience: Duration
    ) {
        self.durableSeq = durableSeq
        self.progress = progress
        self.patience = patience
    }

    /// What a read may see after it has waited.
    package struct Passage: Hashable, Sendable {
        /// The stream whose rows are read.
        package let stream: String
        /// The last line that was acknowledged before the read and may have rows of this stream.
        package let wanted: Int64
        /// The last of those lines that is applied.
        package let applied: Int64
        /// When the read stops waiting.
        package let deadline: ContinuousClock.Instant

        /// How many lines are missing; 0 when none.
        package var missing: Int64 { wanted - applied }
    }

    /// Waits until everything that was acknowledged before this call is applied, or until the timeout.
    package func pass() async -> Passage {
        let deadline = ContinuousClock.now + patience
        let wanted = durableSeq()
        let isApplied = await progress.wait(for: wanted, atMost: patience)
        let snapshot = progress.snapshot
        // Lines after the stored position were for other streams: a replica need not show them.
        let seen = isApplied ? min(wanted, snapshot.storedSeq) : wanted
        return Passage(
            stream: progress.stream,
            wanted: seen,
            applied: isApplied ? seen : min(wanted, snapshot.appliedSeq),
            deadline: deadline
        )
    }

    /// Waits like `pass`.
    ///
    /// - Returns: how many lines are still missing; 0 when none.
    package func wait() async -> Int64 { await pass().missing }
}
