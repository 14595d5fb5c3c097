package import Journal
internal import Synchronization

/// Where a route learns what became of the line that it wrote, and hands over what it has read of it already. Design §1
/// "Answers that depend on rows".
///
/// A projection settles what it has committed; only outcomes that somebody waits for are kept. Any thread.
package final class OutcomeBoard<Parsed: Sendable, Value: Sendable>: Sendable {
    /// What became of a line.
    package enum Outcome: Sendable {
        /// Its rows are committed, and this came of it.
        case applied(Value)
        /// PostgreSQL refused it: it is a dead letter.
        case refused
        /// Nothing yet: PostgreSQL is away, or slow. The line will be applied.
        case pending
    }

    private struct Guarded {
        // Lines that are being written: their numbers are not known yet.
        var unnumbered = 0
        // The last line before the oldest of those.
        var floor: Int64 = 0
        var awaited: Set<Int64> = []
        var values: [Int64: Value] = [:]
        var parsed: [Int64: Parsed] = [:]
    }

    private let progress: StreamProgress
    private let patience: Duration
    // Guards who waits for what, and what has been settled for them.
    private let guarded = Mutex(Guarded())

    /// Makes a board for the lines of a stream; a route waits at most `patience` for an outcome.
    package init(progress: StreamProgress, patience: Duration = .seconds(3)) {
        self.progress = progress
        self.patience = patience
    }

    /// Writes a line and waits for its outcome. `parsed` is what the line's body says, for a projection that reads it
    /// while this writer waits.
    ///
    /// - Throws: `JournalError` when the line is not durable.
    package func append(
        to journal: Journal,
        kind: String,
        members: [UInt8] = [],
        body: [UInt8],
        parsed: Parsed? = nil
    ) async throws(JournalError) -> Outcome {
        announce(after: journal.durableSeq)
        let position: JournalPosition
        do throws(JournalError) {
            position = try await journal.append(kind: kind, members: members, body: body)
        } catch {
            forgetAnnouncement()
            throw error
        }
        numbered(position.seq, parsed)
        let isApplied = await progress.wait(for: position.seq, atMost: patience)
        if let value = take(position.seq) { return .applied(value) }
        return isApplied ? .refused : .pending
    }

    /// Notes what came of lines; before the stream's progress says that they are applied.
    package func settle(_ values: [Int64: Value]) {
        guarded.withLock { guarded in
            guard guarded.unnumbered > 0 || !guarded.awaited.isEmpty else { return }
            for (seq, value) in values {
                let isAwaited = guarded.awaited.contains(seq)
                if isAwaited || (guarded.unnumbered > 0 && seq > guarded.floor) {
                    guarded.values[seq] = value
                }
            }
        }
    }

    /// What the writer of a line has read of it; nil when it has said nothing, or not yet, or waits no more: then the
    /// line has to be read. The second time it is nil, too.
    package func takeParsed(_ seq: Int64) -> Parsed? {
        guarded.withLock { $0.parsed.removeValue(forKey: seq) }
    }

    // MARK: - Bookkeeping

    private func announce(after seq: Int64) {
        guarded.withLock { guarded in
            if guarded.unnumbered == 0 { guarded.floor = seq }
            guarded.unnumbered += 1
        }
    }

    private func forgetAnnouncement() {
        guarded.withLock { guarded in
            guarded.unnumbered -= 1
            Self.prune(&guarded)
        }
    }

    private func numbered(_ seq: Int64, _ parsed: Parsed?) {
        guarded.withLock { guarded in
            guarded.unnumbered -= 1
            guarded.awaited.insert(seq)
            guarded.parsed[seq] = parsed
            Self.prune(&guarded)
        }
    }

    private func take(_ seq: Int64) -> Value? {
        guarded.withLock { guarded in
            guarded.awaited.remove(seq)
            guarded.parsed[seq] = nil
            return guarded.values.removeValue(forKey: seq)
        }
    }

    /// Drops what nobody waits for any more: of lines whose writers gave up.
    private static func prune(_ guarded: inout Guarded) {
        guard guarded.unnumbered == 0 || guarded.values.count > 10_000 else { return }
        let awaited = guarded.awaited
        guarded.values = guarded.values.filter { awaited.contains($0.key) }
    }
}
