/// Callbacks about a journal's work; the application connects them to metrics.
///
/// The closures run on the writer's queue or on the thread that found the fact, and must not block.
package struct JournalObserver: Sendable {
    /// One group commit.
    package struct Commit: Sendable {
        /// Lines in the batch.
        package let lines: Int
        /// Bytes of the batch.
        package let bytes: Int
        /// The duration of the write.
        package let writing: Duration
        /// The duration of the `fdatasync`.
        package let syncing: Duration
    }

    /// A batch is durable.
    package var committed: @Sendable (Commit) -> Void = { _ in }
    /// Lines were refused by `append` or after a failed write; how many.
    package var refused: @Sendable (JournalError, _ lines: Int) -> Void = { _, _ in }
    /// A write or sync failed, whether or not a fresh segment saved the lines.
    package var failed: @Sendable (SystemFailure) -> Void = { _ in }
    /// A segment was begun.
    package var segmentBegun: @Sendable () -> Void = {}
    /// The reserve was given up (false) or taken again (true).
    package var reserveHeld: @Sendable (Bool) -> Void = { _ in }
    /// Lines or bytes can't be read.
    package var damaged: @Sendable (DamageReport) -> Void = { _ in }

    /// An observer without callbacks; set the ones that you need.
    package init() {}
}
