internal import Core
internal import Dispatch
internal import Glibc
internal import Synchronization

/// Writes batches to disk: one write and one `fdatasync` each, in segments by day and size.
///
/// After a failed write or sync nothing more is written to that segment: its content on disk is unknown. The
/// batch is written once more, with the same numbers, into a fresh one, whose header makes the first attempt
/// invalid (see `SegmentHeader`); so it can't count twice.
final class SegmentWriter: Sendable {
    fileprivate struct Active {
        let file: OpenFile
        let prefill: Prefill
        var segment: Segment
        /// The offset after the last durable line, or after the header.
        var end: Int64
        var isEmpty = true
    }

    private struct State {
        var active: Active?
        var lastName: SegmentName?
        var identity: JournalIdentity
    }

    private let configuration: JournalConfiguration
    private let files: FileOperations
    private let catalog: Catalog
    private let observer: JournalObserver
    private let background: DispatchQueue
    /// Guards the segment being written; held over the write and the sync of a batch.
    private let state: Mutex<State>

    init(
        _ setup: JournalSetup,
        catalog: Catalog,
        identity: JournalIdentity,
        lastName: SegmentName?,
        background: DispatchQueue
    ) {
        configuration = setup.configuration
        files = setup.files
        observer = setup.observer
        self.catalog = catalog
        self.background = background
        state = Mutex(State(active: nil, lastName: lastName, identity: identity))
    }

    /// Writes a batch and makes it visible to readers. Blocks for as long as the disk does.
    ///
    /// `freeSpace` is called when the disk is full and the batch may use the reserve.
    func write(_ batch: PendingBatch, freeSpace: () -> Void) throws(JournalError) {
        guard let first = batch.first, let last = batch.last else { return }
        try state.withLock { (state) throws(JournalError) in
            do throws(SystemFailure) {
                try attempt(batch, from: first, &state)
            } catch {
                observer.failed(error)
                abandon(&state)
                if error.isDiskFull, batch.mayUseReserve { freeSpace() }
                try attemptAgain(batch, from: first, &state)
            }
            guard let active = state.active else { preconditionFailure("BUG: written to no segment") }
            let recent = RecentBatch(firstSeq: first.seq, lastSeq: last.seq, bytes: batch.bytes)
            catalog.publish(recent, at: last.at, in: active.segment)
        }
    }

    /// Ends the segment being written; the next batch begins another.
    func seal() {
        state.withLock { seal(&$0, inBackground: false) }
    }

    /// The identity for the next segment's header; also ends the segment being written.
    func setIdentity(_ identity: JournalIdentity) {
        state.withLock { state in
            seal(&state, inBackground: false)
            state.identity = identity
        }
    }

    // MARK: - One attempt

    private func attemptAgain(
        _ batch: PendingBatch,
        from first: JournalPosition,
        _ state: inout State
    ) throws(JournalError) {
        do throws(SystemFailure) {
            try attempt(batch, from: first, &state)
        } catch {
            observer.failed(error)
            abandon(&state)
            throw error.isDiskFull ? .diskFull(error) : .writeFailed(error)
        }
    }

    private func attempt(
        _ batch: PendingBatch,
        from first: JournalPosition,
        _ state: inout State
    ) throws(SystemFailure) {
        let size = Int64(batch.bytes.count)
        if let active = state.active, !fits(size, at: first.at, active) {
            seal(&state, inBackground: true)
        }
        if state.active == nil { try begin(from: first, &state) }
        guard var active = state.active else { preconditionFailure("BUG: no segment to write to") }
        active.prefill.claim(upTo: active.end + size)
        let clock = ContinuousClock()
        let start = clock.now
        try check(
            "write",
            active.file,
            batch.bytes.withUnsafeBytes {
                files.write(active.file.descriptor, $0, active.end)
            }
        )
        let written = clock.now
        try check("fdatasync", active.file, files.synchronize(active.file.descriptor))
        observer.committed(
            .init(
                lines: batch.lines,
                bytes: batch.bytes.count,
                writing: written - start,
                syncing: clock.now - written
            )
        )
        active.add(batch, size: size, from: first.seq)
        active.prefill.topUp(from: active.end)
        state.active = active
    }

    private func fits(_ size: Int64, at instant: Timestamp, _ active: Active) -> Bool {
        let isLater = instant >= active.segment.name.endOfDay
        return !isLater && (active.isEmpty || active.end + size <= configuration.segmentBytes)
    }

    private func check(_ operation: String, _ file: OpenFile, _ code: Int32) throws(SystemFailure) {
        guard code == 0 else { throw SystemFailure(operation: operation, path: file.path, code: code) }
    }

    // MARK: - Beginning and ending segments

    private func begin(from first: JournalPosition, _ state: inout State) throws(SystemFailure) {
        let header = SegmentHeader(
            journal: state.identity.journal,
            epoch: state.identity.epoch,
            first: first.seq,
            after: catalog.durableSeq,
            at: first.at
        )
        let name = nextName(at: first.at, state)
        state.lastName = name
        let directory = configuration.segmentDirectory
        let path = directory + "/" + name.text
        let file = OpenFile(descriptor: try files.create(path).get(), path: path)
        let prefill = Prefill(file, end: 0, configuration: configuration, files: files, queue: background)
        var bytes: [UInt8] = []
        header.append(to: &bytes)
        let end = Int64(bytes.count)
        prefill.claim(upTo: end)
        let segment = Segment(name: name, header: header, lastSeq: header.after, end: end)
        state.active = Active(file: file, prefill: prefill, segment: segment, end: end)
        try FileSystem.synchronizeDirectory(directory)
        try check("write", file, bytes.withUnsafeBytes { files.write(file.descriptor, $0, 0) })
        observer.segmentBegun()
    }

    private func nextName(at instant: Timestamp, _ state: State) -> SegmentName {
        let day = instant.civilDate
        guard let last = state.lastName, last.day >= day else { return SegmentName(day: day, index: 0) }
        return SegmentName(day: last.day, index: last.index + 1)
    }

    /// Cuts the line feeds after the last line. A failure leaves them, which is harmless.
    private func seal(_ state: inout State, inBackground: Bool) {
        guard let active = state.active else { return }
        state.active = nil
        active.prefill.stop()
        catalog.seal()
        let finish: @Sendable () -> Void = { [files, file = active.file, end = active.end] in
            _ = files.truncate(file.descriptor, end)
            _ = files.synchronize(file.descriptor)
        }
        if inBackground { background.async(execute: finish) } else { finish() }
    }

    /// Ends a segment whose last write or sync failed, with as much cut off as the disk allows.
    private func abandon(_ state: inout State) {
        guard let active = state.active else { return }
        guard active.isEmpty else {
            seal(&state, inBackground: false)
            return
        }
        state.active = nil
        active.prefill.stop()
        try? FileSystem.remove(active.file.path)
        try? FileSystem.synchronizeDirectory(configuration.segmentDirectory)
    }
}

// MARK: - Bookkeeping

extension SegmentWriter.Active {
    mutating func add(_ batch: PendingBatch, size: Int64, from first: Int64) {
        let last = segment.landmarks.last?.offset ?? -Segment.landmarkDistance
        if end - last >= Segment.landmarkDistance {
            segment.landmarks.append(Segment.Landmark(seq: first, offset: end))
        }
        end += size
        isEmpty = false
        segment.end = end
        segment.lastSeq = batch.last?.seq ?? segment.lastSeq
    }
}
