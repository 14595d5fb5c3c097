internal import Core
package import Dispatch
internal import Synchronization

/// One stream's reader of the journal, in order, durable lines only.
///
/// Recent lines come from memory, older ones from disk; it uses a few MiB however far behind it is. `next` may be
/// called on any thread, one call at a time; it blocks while it reads the disk, so call it on the stream's own queue.
package final class JournalReader: Sendable {
    private struct State {
        var position: Int64
        var filter: KindFilter
        var disk: DiskReader
        /// Where reading stopped within a recent batch.
        var resume: (batch: Int64, offset: Int)?
    }

    private let catalog: Catalog
    private let reportDamage: @Sendable (DamageReport) -> Void
    /// Guards the position and the open file; held over disk reads.
    private let state: Mutex<State>

    init(
        catalog: Catalog,
        position: Int64,
        kinds: [String],
        directory: String,
        codec: SegmentCodec?,
        maxLineBytes: Int,
        reportDamage: @escaping @Sendable (DamageReport) -> Void
    ) {
        self.catalog = catalog
        self.reportDamage = reportDamage
        let disk = DiskReader(
            directory: directory,
            codec: codec,
            maxLineBytes: maxLineBytes,
            isCurrent: { catalog.isCurrent($0) }
        )
        state = Mutex(State(position: position, filter: KindFilter(kinds), disk: disk))
    }

    /// Everything up to this `seq` has been read.
    package var position: Int64 { state.withLock { $0.position } }

    /// How many durable sequence numbers follow the position.
    package var lag: Int64 { max(0, catalog.durableSeq - position) }

    /// The next lines of the wanted kinds, at most `maxLines` of them and about `maxBytes` of body (one line may
    /// exceed that), and moves after them.
    ///
    /// An empty result with `isCaughtUp == false` means that only lines of other kinds were read: call again.
    /// Throws `.system`, `.codecMissing` or `.codecFailed` without having moved; the same call may be repeated.
    package func next(maxLines: Int, maxBytes: Int) throws(JournalError) -> JournalBatch {
        let batch = try state.withLock { (state) throws(JournalError) -> JournalBatch in
            var batch = JournalBatch(position: state.position)
            if !readWindow(&state, into: &batch, maxLines: maxLines, maxBytes: maxBytes) {
                try readDisk(&state, into: &batch, maxLines: maxLines, maxBytes: maxBytes)
            }
            state.position = batch.position
            return batch
        }
        batch.damage.forEach(reportDamage)
        return batch
    }

    /// Moves to another position, for example back to the last stored one after a failed transaction.
    package func seek(after seq: Int64) {
        state.withLock { state in
            state.position = seq
            state.resume = nil
            state.disk.close()
        }
    }

    // MARK: - Waiting

    /// Calls `handler` once on `queue` as soon as the journal has durable lines after the position (at once if it has
    /// them), or closes.
    package func notifyWhenMore(on queue: DispatchQueue, _ handler: @escaping @Sendable () -> Void) {
        _ = catalog.wait(after: position, on: queue, handler)
    }

    /// Returns when the journal has durable lines after the position, closes, or the task is cancelled.
    package func waitForMore() async {
        let seq = position
        let wait = CancellableWait()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let id = catalog.wait(after: seq, on: DispatchQueue.global()) { continuation.resume() }
                if let id, !wait.begin(id) { catalog.endWait(id) }
            }
        } onCancel: {
            if let id = wait.cancel() { catalog.endWait(id) }
        }
    }

    // MARK: - Reading

    /// False if the window begins after the position.
    private func readWindow(
        _ state: inout State,
        into batch: inout JournalBatch,
        maxLines: Int,
        maxBytes: Int
    ) -> Bool {
        guard let recent = catalog.recentBatches(after: batch.position, maxBytes: maxBytes) else {
            return false
        }
        state.disk.close()
        var budget = ReadBudget(lines: maxLines, bytes: maxBytes, scan: .max)
        for piece in recent where !budget.isSpent {
            read(piece, &state, into: &batch, budget: &budget)
        }
        batch.isCaughtUp = batch.position >= catalog.durableSeq
        return true
    }

    private func read(
        _ piece: RecentBatch,
        _ state: inout State,
        into batch: inout JournalBatch,
        budget: inout ReadBudget
    ) {
        var offset = 0
        if let resume = state.resume, resume.batch == piece.firstSeq { offset = resume.offset }
        let position = batch.position
        piece.bytes.withUnsafeBufferPointer { bytes in
            while !budget.isSpent, let end = LineFormat.findLineFeed(bytes, offset..<bytes.count) {
                let range = offset..<end
                offset = end + 1
                guard let parts = LineFormat.parse(bytes, range) else {
                    batch.damage.append(.unreadableLine(bytes: range, after: batch.position))
                    continue
                }
                guard parts.seq > position else { continue }
                batch.position = parts.seq
                guard let kind = state.filter.wantedName(bytes, parts.kind) else { continue }
                batch.lines.append(JournalLine(parts, kind: kind, in: piece.bytes))
                budget.lines -= 1
                budget.bytes -= parts.body.count
            }
        }
        state.resume = (piece.firstSeq, offset)
    }

    private func readDisk(
        _ state: inout State,
        into batch: inout JournalBatch,
        maxLines: Int,
        maxBytes: Int
    ) throws(JournalError) {
        state.resume = nil
        do throws(JournalError) {
            try state.disk.read(
                catalog.snapshot,
                into: &batch,
                filter: &state.filter,
                maxLines: maxLines,
                maxBytes: maxBytes
            )
        } catch {
            // The lines read before the failure are returned; the next call fails again.
            if batch.position == state.position { throw error }
        }
    }
}

extension DamageReport {
    /// A line that was written in an unreadable form, for example with a member that isn't JSON.
    fileprivate static func unreadableLine(bytes: Range<Int>, after seq: Int64) -> DamageReport {
        DamageReport(
            cause: .unreadableBytes,
            segment: "being written",
            bytes: Int64(bytes.lowerBound)..<Int64(bytes.upperBound),
            missing: (seq + 1)...(seq + 1)
        )
    }
}

/// Joins the start of a wait with a cancellation that may come before it.
private final class CancellableWait: Sendable {
    private enum State {
        case idle
        case waiting(UInt64)
        case cancelled
    }

    private let state = Mutex(State.idle)

    /// False if the cancellation came first.
    func begin(_ id: UInt64) -> Bool {
        state.withLock { state in
            if case .cancelled = state { return false }
            state = .waiting(id)
            return true
        }
    }

    func cancel() -> UInt64? {
        state.withLock { state in
            defer { state = .cancelled }
            guard case .waiting(let id) = state else { return nil }
            return id
        }
    }
}
