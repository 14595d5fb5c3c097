internal import Core
internal import Dispatch
internal import Glibc
internal import Synchronization

/// The outcome of a line, reported to its author once.
typealias AppendCompletion = @Sendable (Result<JournalPosition, JournalError>) -> Void

/// The completions of one batch that go to one queue, in one hop.
struct QueueCompletions: Sendable {
    let queue: DispatchQueue
    var completions: [(JournalPosition, AppendCompletion)] = []

    func deliver(_ failure: JournalError?) {
        queue.async {
            for (position, completion) in completions {
                completion(failure.map { .failure($0) } ?? .success(position))
            }
        }
    }
}

/// Lines that wait for the disk or are being written.
struct PendingBatch: Sendable {
    var bytes: [UInt8] = []
    var first: JournalPosition?
    var last: JournalPosition?
    /// The offset after each line's line feed.
    private var ends: [Int] = []
    var mayUseReserve = false
    var groups: [QueueCompletions] = []

    var lines: Int { ends.count }

    /// Adds the checksums: done by the writer, which holds no lock meanwhile.
    mutating func stamp() {
        bytes.withUnsafeMutableBytes { bytes in
            var start = 0
            for end in ends {
                LineFormat.stamp(bytes, line: start..<(end - 1))
                start = end
            }
        }
    }

    mutating func add(
        _ position: JournalPosition,
        on queue: DispatchQueue,
        _ completion: @escaping AppendCompletion
    ) {
        if first == nil { first = position }
        last = position
        ends.append(bytes.count)
        if let index = groups.firstIndex(where: { $0.queue === queue }) {
            groups[index].completions.append((position, completion))
        } else {
            groups.append(QueueCompletions(queue: queue, completions: [(position, completion)]))
        }
    }
}

/// One line to be appended to the buffer.
struct AppendRequest {
    let kind: String
    let members: UnsafeRawBufferPointer
    let body: UnsafeRawBufferPointer
    let mayUseReserve: Bool

    var bytes: Int { LineFormat.overheadBytes + 19 + kind.utf8.count + members.count + body.count }

    var holdsLineFeed: Bool {
        Self.holdsLineFeed(members) || Self.holdsLineFeed(body)
    }

    private static func holdsLineFeed(_ part: UnsafeRawBufferPointer) -> Bool {
        part.baseAddress.map { memchr($0, Int32(LineFormat.lineFeed), part.count) != nil } ?? false
    }
}

/// Gives lines their number and time, and collects them while the writer is busy with earlier ones.
final class AppendQueue: Sendable {
    private struct State {
        var batch = PendingBatch()
        var nextSeq: Int64
        var lastAt: Timestamp
        /// Bytes of the batch that is being written.
        var bytesInFlight = 0
        var isWriterAwake = false
        var isClosed = false
        /// The reserve is given up: only lines that may use it are taken.
        var refusal: JournalError?
    }

    private let bufferBytes: Int
    private let maxLineBytes: Int
    private let clock: @Sendable () -> Timestamp
    /// Guards the current buffer, numbers and times; never held over a system call but the clock's.
    private let state: Mutex<State>

    init(
        configuration: JournalConfiguration,
        nextSeq: Int64,
        lastAt: Timestamp,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        bufferBytes = configuration.bufferBytes
        maxLineBytes = configuration.maxLineBytes
        self.clock = clock
        state = Mutex(State(nextSeq: nextSeq, lastAt: lastAt))
    }

    /// Copies a line into the buffer. True if the writer sleeps and must be woken.
    func add(
        _ request: AppendRequest,
        on queue: DispatchQueue,
        _ completion: @escaping AppendCompletion
    ) throws(JournalError) -> Bool {
        let size = request.bytes
        guard size <= maxLineBytes else { throw .lineTooLarge(bytes: size, limit: maxLineBytes) }
        guard !request.holdsLineFeed else { throw .lineFeedInside }
        return try state.withLock { (state) throws(JournalError) -> Bool in
            try check(state, request, size: size)
            let at = max(state.lastAt, clock())
            let position = JournalPosition(seq: state.nextSeq, at: at)
            LineFormat.appendUnstamped(
                position,
                kind: request.kind,
                members: request.members,
                body: request.body,
                to: &state.batch.bytes
            )
            state.batch.add(position, on: queue, completion)
            if request.mayUseReserve { state.batch.mayUseReserve = true }
            state.nextSeq += 1
            state.lastAt = at
            defer { state.isWriterAwake = true }
            return !state.isWriterAwake
        }
    }

    private func check(_ state: State, _ request: AppendRequest, size: Int) throws(JournalError) {
        guard !state.isClosed else { throw .closed }
        if let refusal = state.refusal, !request.mayUseReserve { throw refusal }
        let buffered = state.batch.bytes.count + state.bytesInFlight
        guard buffered == 0 || buffered + size <= bufferBytes else {
            throw .overloaded(bufferedBytes: buffered)
        }
    }

    /// The collected lines; nil (and the writer may sleep) if there are none.
    func take() -> PendingBatch? {
        state.withLock { state in
            guard state.batch.lines > 0 else {
                state.isWriterAwake = false
                return nil
            }
            var next = PendingBatch()
            next.bytes.reserveCapacity(min(state.batch.bytes.count, 65_536))
            swap(&next, &state.batch)
            state.bytesInFlight = next.bytes.count
            return next
        }
    }

    /// The last batch is on disk, or refused: its space in the buffer is free before completions are called.
    func settle() {
        state.withLock { $0.bytesInFlight = 0 }
    }

    /// Refuses lines that may not use the reserve; nil takes them again.
    func setRefusal(_ refusal: JournalError?) {
        state.withLock { $0.refusal = refusal }
    }

    /// Refuses all lines from now on; lines that were collected are still written.
    func close() {
        state.withLock { $0.isClosed = true }
    }

    /// Lines and bytes that wait or are being written.
    var backlog: (lines: Int, bytes: Int) {
        state.withLock { ($0.batch.lines, $0.batch.bytes.count + $0.bytesInFlight) }
    }

    var nextSeq: Int64 { state.withLock { $0.nextSeq } }
}
