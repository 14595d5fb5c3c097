package import Core
package import Dispatch
internal import Logging
internal import Synchronization

/// The truth about everything that was accepted: an append-only file of lines, each durable before its author is
/// told, in one order.
///
/// All methods may be called on any thread.
package final class Journal: Sendable {
    /// Damage that was found at open, and is already logged.
    package let damageAtOpen: [DamageReport]

    let setup: JournalSetup
    let catalog: Catalog
    let writer: SegmentWriter
    let reserve: ReserveFile
    /// Guards `journal.json` and what it says; held while it is replaced.
    let identity: Mutex<JournalIdentity>
    /// Held while segments are removed, compressed or rewritten.
    let maintenance = Mutex(())
    let pending: AppendQueue
    private let lock: Mutex<DirectoryLock?>
    private let writerQueue = DispatchQueue(label: "weir.journal.writer", qos: .userInitiated)
    let background: DispatchQueue
    /// Held while the reserve file is made.
    let reserveWork = Mutex(())
    let isReserveRetryDue = Mutex(false)
    /// Called before each commit. In a struct: a closure that is itself the value of a mutex is wrapped once more each
    /// time that it is read, and stored so.
    private struct Backpressure {
        var isBehind: @Sendable () -> Bool = { false }
    }
    private let backpressure = Mutex(Backpressure())
    // Damage that is already logged: every reader meets it again, and the first one what was found at open.
    private let damageTold = Mutex<Set<DamageReport>>([])
    private let completions = DispatchQueue(label: "weir.journal.completions", attributes: .concurrent)

    /// Opens the journal in `setup.configuration.directory`, or creates one there.
    ///
    /// Takes the directory's lock, raises the epoch, finds the end of the last segment and cuts a torn end that a
    /// killed process left. Blocks while the last segment is read. Throws `.locked`, `.identityUnreadable`,
    /// `.codecMissing`, `.codecFailed` and `.system`.
    package static func open(_ setup: JournalSetup) throws(JournalError) -> Journal {
        let (lock, identity, found) = try JournalOpening(setup: setup).run()
        return Journal(setup, lock: lock, identity: identity, found: found)
    }

    private init(
        _ setup: JournalSetup,
        lock: DirectoryLock,
        identity: JournalIdentity,
        found: Recovery.Result
    ) {
        let configuration = setup.configuration
        self.setup = setup
        self.lock = Mutex(lock)
        self.identity = Mutex(identity)
        background = DispatchQueue(label: "weir.journal.background", qos: .utility)
        catalog = Catalog(
            segments: found.segments,
            durable: found.last,
            windowBytes: configuration.windowBytes
        )
        reserve = ReserveFile(
            path: configuration.directory + "/reserve",
            bytes: configuration.reserveBytes,
            files: setup.files
        )
        pending = AppendQueue(
            configuration: configuration,
            nextSeq: identity.next,
            lastAt: found.last.at,
            clock: setup.clock
        )
        writer = SegmentWriter(
            setup,
            catalog: catalog,
            identity: identity,
            lastName: found.lastName,
            background: background
        )
        damageAtOpen = found.damage
        found.damage.forEach(report)
        background.async { [weak self] in self?.restoreReserve() }
    }

    // MARK: - State

    /// The journal's random id, made with the directory.
    package var id: UUID128 { identity.withLock { $0.journal } }

    /// How often the journal has been opened.
    package var epoch: Int64 { identity.withLock { $0.epoch } }

    /// The last line that is durable; 0 in a new journal.
    package var durableSeq: Int64 { catalog.durableSeq }

    /// The last durable line with its arrival time, which was 1970 in a new journal.
    package var durable: JournalPosition { catalog.durable }

    /// The first line that is still kept, or will be written.
    package var firstSeq: Int64 {
        let snapshot = catalog.snapshot
        return (snapshot.sealed.first ?? snapshot.active)?.header.first ?? snapshot.durableSeq + 1
    }

    /// Lines and bytes that wait for the disk.
    package var backlog: (lines: Int, bytes: Int) { pending.backlog }

    // MARK: - Appending

    /// Appends a line and calls `completion` on `queue` once it is durable or has failed.
    ///
    /// `kind` is ASCII without quotation marks and backslashes, for example `nextflow.event/1`; `members` are
    /// further JSON members, each with a comma after it (`"actor":"x",`), none named `body`; `body` is a JSON
    /// value. Neither may hold a line feed. They are copied once, before this returns. For a line that
    /// `mayUseReserve` the reserve file is given up when the disk is full.
    ///
    /// The completions of one batch are called in the order of `seq`, in one `async` per distinct queue. Errors:
    /// `.overloaded`, `.lineTooLarge`, `.lineFeedInside`, `.diskFull`, `.writeFailed`, `.closed`; a line that
    /// failed was not acknowledged and its number is not used again.
    package func append(
        kind: String,
        members: UnsafeRawBufferPointer,
        body: UnsafeRawBufferPointer,
        mayUseReserve: Bool = false,
        on queue: DispatchQueue,
        completion: @escaping @Sendable (Result<JournalPosition, JournalError>) -> Void
    ) {
        let request = AppendRequest(kind: kind, members: members, body: body, mayUseReserve: mayUseReserve)
        do throws(JournalError) {
            guard try pending.add(request, on: queue, completion) else { return }
            writerQueue.async { self.drain() }
        } catch {
            setup.observer.refused(error, 1)
            queue.async { completion(.failure(error)) }
        }
    }

    /// Appends a line from arrays; see the method above.
    package func append(
        kind: String,
        members: LineMembers = LineMembers(),
        body: [UInt8],
        mayUseReserve: Bool = false,
        on queue: DispatchQueue,
        completion: @escaping @Sendable (Result<JournalPosition, JournalError>) -> Void
    ) {
        members.bytes.withUnsafeBytes { members in
            body.withUnsafeBytes { body in
                append(
                    kind: kind,
                    members: members,
                    body: body,
                    mayUseReserve: mayUseReserve,
                    on: queue,
                    completion: completion
                )
            }
        }
    }

    /// Appends a line and returns when it is durable; see the methods above.
    @discardableResult
    package func append(
        kind: String,
        members: LineMembers = LineMembers(),
        body: [UInt8],
        mayUseReserve: Bool = false
    ) async throws(JournalError) -> JournalPosition {
        let result = await withCheckedContinuation { continuation in
            append(kind: kind, members: members, body: body, mayUseReserve: mayUseReserve, on: completions) {
                continuation.resume(returning: $0)
            }
        }
        return try result.get()
    }

    /// Spaces commits further apart under load while `isBehind` says that the readers can't keep up. Called on the
    /// writer's thread before each commit; must not block.
    package func favorReaders(while isBehind: @escaping @Sendable () -> Bool) {
        backpressure.withLock { $0.isBehind = isBehind }
    }

    private func drain() {
        var pace = CommitPace(interval: setup.configuration.commitInterval)
        while var batch = pending.take() {
            pace.began(lines: batch.lines, isBehind: backpressure.withLock { $0.isBehind }())
            batch.stamp()
            var failure: JournalError?
            do throws(JournalError) {
                try writer.write(batch, freeSpace: giveUpReserve)
            } catch {
                failure = error
                setup.observer.refused(error, batch.lines)
                setup.logger.error(
                    "journal lines could not be made durable",
                    error: error,
                    lines: batch.lines
                )
            }
            pending.settle()
            for group in batch.groups { group.deliver(failure) }
            pace.rest()
        }
    }

    // MARK: - Reading

    /// A reader of the lines after `seq` of exactly these kinds, versions included (all kinds if empty).
    package func reader(after seq: Int64, kinds: [String] = []) -> JournalReader {
        JournalReader(
            catalog: catalog,
            position: seq,
            kinds: kinds,
            directory: setup.configuration.segmentDirectory,
            codec: setup.codec,
            maxLineBytes: setup.configuration.maxLineBytes,
            reportDamage: { [weak self] in self?.report($0) }
        )
    }

    func report(_ damage: DamageReport) {
        guard damageTold.withLock({ $0.insert(damage).inserted }) else { return }
        setup.observer.damaged(damage)
        setup.logger.critical("journal damage", metadata: ["journal.damage": "\(damage)"])
    }

    // MARK: - Closing

    /// Makes all accepted lines durable, ends the segment and releases the directory; later calls do nothing.
    ///
    /// Lines that come later get `.closed`; waiting readers are woken and still read what is durable.
    package func close() {
        pending.close()
        writerQueue.sync {}
        // The closure that reports the readers' positions refers to this journal: release it.
        backpressure.withLock { $0 = Backpressure() }
        writer.seal()
        background.sync {}
        catalog.close()
        lock.withLock { $0 = nil }
    }
}

extension Logger {
    fileprivate func error(_ message: Logger.Message, error: JournalError, lines: Int) {
        self.error(message, metadata: ["error": "\(error)", "journal.lines": "\(lines)"])
    }
}
