package import Journal
internal import Postgres
internal import Synchronization

/// Gives a route the outcome of the line that it wrote, and passes the parsed body of the line to the projection.
/// Design §1 "Answers that depend on rows".
///
/// A projection settles the outcomes that it has committed; only awaited ones are kept. Any thread.
package final class OutcomeBoard<Parsed: Sendable, Value: Sendable>: Sendable {
    /// The outcome of a line.
    package enum Outcome: Sendable {
        /// Its rows are committed, with this result.
        case applied(Value)
        /// PostgreSQL refused it: it is a dead letter.
        case refused
        /// Not applied yet; it will be.
        case pending(Delay)
    }

    private struct Guarded {
        var writers = UnnumberedWriters()
        var awaited: Set<Int64> = []
        /// Outcomes of lines that are awaited.
        var values: [Int64: Value] = [:]
        /// Outcomes of lines whose writers may not know their numbers yet.
        var early = EarlyOutcomes<Value>()
        var parsed: [Int64: Parsed] = [:]
    }

    private let progress: StreamProgress
    private let patience: Duration
    // Guards who waits for what, and what has been settled for them.
    private let guarded = Mutex(Guarded())

    /// Makes a board for the lines of a stream; a route waits at most `patience` for an outcome, plus its own
    /// `extra`.
    package init(progress: StreamProgress, patience: Duration = .seconds(3)) {
        self.progress = progress
        self.patience = patience
    }

    /// Writes a line and waits for its outcome, `extra` longer than the default. `parsed` is the parsed body of the
    /// line, for a projection that reads it while this writer waits.
    ///
    /// - Throws: `JournalError` when the line is not durable.
    package func append(
        to journal: Journal,
        kind: String,
        members: LineMembers = LineMembers(),
        body: [UInt8],
        parsed: Parsed? = nil,
        waiting extra: Duration = .zero
    ) async throws(JournalError) -> Outcome {
        let ticket = announce(after: journal.durableSeq)
        let position: JournalPosition
        do throws(JournalError) {
            position = try await journal.append(kind: kind, members: members, body: body)
        } catch {
            guarded.withLock { Self.leave(ticket, &$0) }
            throw error
        }
        numbered(position.seq, ticket, parsed)
        let isApplied = await progress.wait(for: position.seq, atMost: patience + extra)
        if let value = take(position.seq) { return .applied(value) }
        return isApplied ? .refused : .pending(progress.delay)
    }

    /// Stores the outcomes of lines; call it before the stream's progress reports them as applied.
    package func settle(_ values: [Int64: Value]) {
        guarded.withLock { guarded in
            guard let floor = guarded.writers.floor ?? (guarded.awaited.isEmpty ? nil : .max) else { return }
            var early: [(Int64, Value)] = []
            for (seq, value) in values {
                if guarded.awaited.contains(seq) {
                    guarded.values[seq] = value
                } else if seq > floor {
                    early.append((seq, value))
                }
            }
            guarded.early.add(early)
        }
    }

    /// The parsed body of a line from its writer; nil when the writer gave none, has not given it yet, or no longer
    /// waits: then the line has to be parsed. A second call also returns nil.
    package func takeParsed(_ seq: Int64) -> Parsed? {
        guarded.withLock { $0.parsed.removeValue(forKey: seq) }
    }

    /// How many outcomes are kept, for tests.
    var keptOutcomes: Int { guarded.withLock { $0.values.count + $0.early.count } }

    // MARK: - Bookkeeping

    private func announce(after seq: Int64) -> Int {
        guarded.withLock { $0.writers.add(after: seq) }
    }

    private func numbered(_ seq: Int64, _ ticket: Int, _ parsed: Parsed?) {
        guarded.withLock { guarded in
            guarded.awaited.insert(seq)
            guarded.parsed[seq] = parsed
            if let value = guarded.early.take(seq) { guarded.values[seq] = value }
            Self.leave(ticket, &guarded)
        }
    }

    private static func leave(_ ticket: Int, _ guarded: inout Guarded) {
        guard guarded.writers.remove(ticket) else { return }
        guarded.early.drop(through: guarded.writers.floor ?? .max)
    }

    private func take(_ seq: Int64) -> Value? {
        guarded.withLock { guarded in
            guarded.awaited.remove(seq)
            guarded.parsed[seq] = nil
            return guarded.values.removeValue(forKey: seq)
        }
    }
}

/// Why a line is not applied yet.
package enum Delay: Sendable, Hashable {
    /// PostgreSQL cannot be reached.
    case away
    /// PostgreSQL is there, but the line is still queued or being applied.
    case slow
    /// Loading has stopped until an operator fixes the error in the log.
    case stopped
}

extension StreamProgress {
    /// Why lines are not applied yet.
    fileprivate var delay: Delay {
        switch snapshot.state {
        case .waiting, .backingOff(reason: PostgresError.Kind.unreachable.rawValue): .away
        case .running, .backingOff: .slow
        case .stopped: .stopped
        }
    }
}
