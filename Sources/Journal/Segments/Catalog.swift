internal import Core
internal import Dispatch
internal import Synchronization

/// The durable lines that readers may see, and their segments. Changed by the writer and by retention.
final class Catalog: Sendable {
    /// A consistent snapshot of all segments; the one being written is the last.
    struct Snapshot: Sendable {
        let sealed: [Segment]
        let active: Segment?
        let durableSeq: Int64

        /// The segment that holds the first line after `position`.
        func segment(after position: Int64) -> Segment? {
            sealed.first { $0.lastSeq > position } ?? active.flatMap { $0.lastSeq > position ? $0 : nil }
        }
    }

    private struct Waiter: Sendable {
        let seq: Int64
        let queue: DispatchQueue
        let handler: @Sendable () -> Void
    }

    private struct State: Sendable {
        var sealed: [Segment]
        var active: Segment?
        var durable: JournalPosition
        var window: RecentWindow
        var waiters: [UInt64: Waiter] = [:]
        var nextWaiter: UInt64 = 0
        var isClosed = false
    }

    /// Guards everything above; never held over a system call.
    private let state: Mutex<State>
    private let durableSeqMirror: Atomic<Int64>

    init(segments: [Segment], durable: JournalPosition, windowBytes: Int) {
        let window = RecentWindow(limit: windowBytes, coversAfter: durable.seq)
        state = Mutex(State(sealed: segments, durable: durable, window: window))
        durableSeqMirror = Atomic(durable.seq)
    }

    var durableSeq: Int64 { durableSeqMirror.load(ordering: .acquiring) }

    var durable: JournalPosition { state.withLock { $0.durable } }

    var snapshot: Snapshot {
        state.withLock { Snapshot(sealed: $0.sealed, active: $0.active, durableSeq: $0.durable.seq) }
    }

    func recentBatches(after position: Int64, maxBytes: Int) -> [RecentBatch]? {
        state.withLock { $0.window.batches(after: position, maxBytes: maxBytes) }
    }

    // MARK: - Writer

    /// Makes a batch visible: it is durable, in `segment` up to `end`.
    func publish(_ batch: RecentBatch, at last: Timestamp, in segment: Segment) {
        let due = state.withLock { state -> [Waiter] in
            state.active = segment
            state.durable = JournalPosition(seq: batch.lastSeq, at: last)
            state.window.push(batch)
            durableSeqMirror.store(batch.lastSeq, ordering: .releasing)
            guard !state.waiters.isEmpty else { return [] }
            let due = state.waiters.filter { $0.value.seq < batch.lastSeq }
            for id in due.keys { state.waiters[id] = nil }
            return Array(due.values)
        }
        for waiter in due { waiter.queue.async(execute: waiter.handler) }
    }

    /// The active segment takes no more lines. It is not listed if it never held a durable one.
    func seal() {
        state.withLock { state in
            if let active = state.active { state.sealed.append(active) }
            state.active = nil
        }
    }

    // MARK: - Retention

    func replace(_ name: SegmentName, with change: (inout Segment) -> Void) {
        state.withLock { state in
            guard let index = state.sealed.firstIndex(where: { $0.name == name }) else { return }
            change(&state.sealed[index])
        }
    }

    /// Whether the list still holds the segment as `segment` describes it.
    func isCurrent(_ segment: Segment) -> Bool {
        state.withLock { state in
            let now = state.sealed.last { $0.name == segment.name } ?? state.active
            return now.map { $0.name == segment.name && $0.generation == segment.generation } ?? false
        }
    }

    func remove(_ name: SegmentName) {
        state.withLock { state in
            state.sealed.removeAll { $0.name == name }
        }
    }

    func clearWindow() {
        state.withLock { $0.window.clear() }
    }

    // MARK: - Waiting

    /// Calls `handler` once on `queue` when there is a durable line after `seq`, at once if there is one already,
    /// and when the journal closes. The result cancels the wait.
    func wait(after seq: Int64, on queue: DispatchQueue, _ handler: @escaping @Sendable () -> Void) -> UInt64?
    {
        let id = state.withLock { state -> UInt64? in
            guard state.durable.seq <= seq, !state.isClosed else { return nil }
            state.nextWaiter += 1
            state.waiters[state.nextWaiter] = Waiter(seq: seq, queue: queue, handler: handler)
            return state.nextWaiter
        }
        if id == nil { queue.async(execute: handler) }
        return id
    }

    /// Calls the handler of a wait now, unless it was called already.
    func endWait(_ id: UInt64) {
        let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
        if let waiter { waiter.queue.async(execute: waiter.handler) }
    }

    func close() {
        let waiters = state.withLock { state -> [Waiter] in
            state.isClosed = true
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.queue.async(execute: waiter.handler) }
    }
}
