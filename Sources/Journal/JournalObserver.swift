/// What a journal tells of its work; wired to metrics by whoever opens it.
///
/// The closures run on the writer's queue or wherever the fact was met, and must not block.
package struct JournalObserver: Sendable {
    /// One group commit.
    package struct Commit: Sendable {
        /// Lines in the batch.
        package let lines: Int
        /// Bytes of the batch.
        package let bytes: Int
        /// What the write took.
        package let writing: Duration
        /// What the `fdatasync` took.
        package let syncing: Duration
    }

    /// A batch is durable.
    package var committed: @Sendable (Commit) -> Void = { _ in }
    /// Lines were refused, at the door or after a failed write; how many.
    package var refused: @Sendable (JournalError, _ lines: Int) -> Void = { _, _ in }
    /// A write or sync failed, whether or not a fresh segment saved the lines.
    package var failed: @Sendable (SystemFailure) -> Void = { _ in }
    /// A segment was begun.
    package var segmentBegun: @Sendable () -> Void = {}
    /// The reserve was given up (false) or taken again (true).
    package var reserveHeld: @Sendable (Bool) -> Void = { _ in }
    /// Lines or bytes can't be read.
    package var damaged: @Sendable (DamageReport) -> Void = { _ in }

    /// Tells nobody; set the closures that matter.
    package init() {}
}
