internal import Core
internal import Synchronization

/// The newest events of the live stream, encoded once and shared by all listeners of this process, and who waits for more.
///
/// A listener keeps a place and no events: one that is slow finds its place gone from the buffer and reads from the
/// database at its own pace. Any thread.
final class EventHub: Sendable {
    /// An event as listeners get it.
    struct Frame: Sendable {
        let position: Int64
        let subject: EventSubject
        let bytes: [UInt8]
    }

    /// What the buffer has for a listener.
    enum Taken: Sendable {
        /// Events, and the place of the last one that was looked at.
        case frames([UInt8], count: Int, through: Int64)
        /// None that it wants up to a place.
        case nothing(through: Int64)
        /// Its place is not in the buffer any more.
        case behind
        /// The places have begun anew: the database is another one.
        case ended
    }

    private struct Waiter {
        let filter: EventFilter
        var seen: Int64
        let deadline: ContinuousClock.Instant
        let answer: FirstAnswer<Void>
        /// Whether its turn to be woken comes.
        var isCalled = false
    }

    private struct Guarded {
        var listeners = 0
        var epoch = 0
        /// The place before the first frame; nil while nobody listens, and nothing is read.
        var start: Int64?
        /// The place up to which everything was read.
        var head: Int64 = 0
        var frames: [Frame] = []
        var bytes = 0
        var waiters: [UInt64: Waiter] = [:]
        /// Those whose turn to be woken comes.
        var called: ArraySlice<FirstAnswer<Void>> = []
        var isCalling = false
        var nextWaiter: UInt64 = 0
    }

    /// How many listeners are called at one moment, fewer when events are large, and how long it is to the next ones.
    private static let group = 20
    private static let groupBytes = 256 << 10
    private static let groupPause = Duration.milliseconds(2)

    private let mostListeners: Int
    private let mostBytes: Int
    // Guards the buffer, and who waits.
    private let guarded = Mutex(Guarded())

    /// Makes an empty hub; its buffer has at most `mostBytes`, and its last event.
    init(mostListeners: Int, mostBytes: Int) {
        self.mostListeners = mostListeners
        self.mostBytes = mostBytes
    }

    // MARK: - Listeners

    /// Counts a listener, and says which places it follows; nil when there are as many as there may be.
    func join() -> Int? {
        guarded.withLock { guarded in
            guard guarded.listeners < mostListeners else { return nil }
            guarded.listeners += 1
            return guarded.epoch
        }
    }

    func leave() { guarded.withLock { $0.listeners -= 1 } }

    /// How many listen.
    var listeners: Int { guarded.withLock { $0.listeners } }

    /// How many of them wait for more.
    var waiting: Int { guarded.withLock { $0.waiters.count } }

    /// How many bytes of events are kept.
    var bufferedBytes: Int { guarded.withLock { $0.bytes } }

    /// Events behind a place, up to a size; at least one where there is one.
    func take(after position: Int64, _ filter: EventFilter, epoch: Int, atMost size: Int) -> Taken {
        guarded.withLock { guarded in
            guard guarded.epoch == epoch else { return .ended }
            guard let start = guarded.start, guarded.head > position else {
                return .nothing(through: position)
            }
            guard position >= start else { return .behind }
            var events: [[UInt8]] = []
            var (total, seen) = (0, position)
            for frame in guarded.frames[Self.index(after: position, in: guarded.frames)...] {
                if !events.isEmpty, total + frame.bytes.count > size {
                    return .frames(Self.joined(events, total), count: events.count, through: seen)
                }
                seen = frame.position
                guard filter.matches(frame.subject) else { continue }
                events.append(frame.bytes)
                total += frame.bytes.count
            }
            return events.isEmpty
                ? .nothing(through: guarded.head)
                : .frames(Self.joined(events, total), count: events.count, through: guarded.head)
        }
    }

    /// One event alone is not copied: a thousand connections that wait with a large one share it.
    private static func joined(_ events: [[UInt8]], _ total: Int) -> [UInt8] {
        guard events.count > 1 else { return events[0] }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(total)
        for event in events { bytes += event }
        return bytes
    }

    private static func index(after position: Int64, in frames: [Frame]) -> Int {
        var (low, high) = (0, frames.count)
        while low < high {
            let middle = (low + high) / 2
            if frames[middle].position > position { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Waits for events behind a place, until a moment at most; ends at once when the task is cancelled.
    ///
    /// - Returns: the place up to which there was nothing for the listener.
    func wait(
        after position: Int64,
        _ filter: EventFilter,
        epoch: Int,
        until deadline: ContinuousClock.Instant
    )
        async -> Int64
    {
        let answer = FirstAnswer<Void>()
        let id: UInt64? = guarded.withLock { guarded in
            guard guarded.epoch == epoch, guarded.head <= position || guarded.start == nil else { return nil }
            guarded.nextWaiter += 1
            guarded.waiters[guarded.nextWaiter] = Waiter(
                filter: filter,
                seen: position,
                deadline: deadline,
                answer: answer
            )
            return guarded.nextWaiter
        }
        guard let id else { return position }
        await withTaskCancellationHandler {
            await answer.value
        } onCancel: {
            answer.settle(())
        }
        return guarded.withLock { $0.waiters.removeValue(forKey: id)?.seen ?? position }
    }

    /// Wakes those who have waited long enough.
    func tick(at now: ContinuousClock.Instant) {
        wake(guarded.withLock { guarded in Self.call(&guarded) { $0.deadline <= now } })
    }

    /// Calls some at once and the others a little later, group by group.
    ///
    /// Each runs on the lane of its connection: requests that come meanwhile wait behind a group, and not behind thousands.
    /// One whose turn comes late finds all events that have come until then.
    private func wake(_ waiters: [FirstAnswer<Void>]) {
        guard !waiters.isEmpty else { return }
        let isFirst = guarded.withLock { guarded in
            guarded.called += waiters
            defer { guarded.isCalling = true }
            return !guarded.isCalling
        }
        guard isFirst, callGroup() else { return }
        Task {
            repeat { try? await Task.sleep(for: Self.groupPause) } while callGroup()
        }
    }

    /// Calls the next group; returns false when nobody is left.
    private func callGroup() -> Bool {
        let (group, isMore) = guarded.withLock { guarded in
            let size = guarded.frames.last?.bytes.count ?? 0
            let count = max(1, min(Self.group, Self.groupBytes / max(1, size)))
            let group = guarded.called.prefix(count)
            guarded.called.removeFirst(group.count)
            guarded.isCalling = !guarded.called.isEmpty
            return (group, guarded.isCalling)
        }
        for answer in group { answer.settle(()) }
        return isMore
    }

    // MARK: - The reader

    /// The place up to which everything was read; nil when reading has to begin.
    var head: Int64? { guarded.withLock { $0.start == nil ? nil : $0.head } }

    /// Begins to keep events behind a place. Those who are not that far read from the database.
    func begin(at position: Int64) {
        let late = guarded.withLock { guarded in
            guarded.start = position
            guarded.head = position
            return guarded.waiters.values.filter { $0.seen < position }.map(\.answer)
        }
        for answer in late { answer.settle(()) }
    }

    /// Adds the events up to a place, and wakes those who want one of them.
    func publish(_ frames: [Frame], through position: Int64) {
        let wanted: [FirstAnswer<Void>] = guarded.withLock { guarded in
            guarded.frames += frames
            guarded.bytes += frames.reduce(0) { $0 + $1.bytes.count }
            guarded.head = position
            trim(&guarded)
            let wanted = Self.call(&guarded) { waiter in
                frames.contains { $0.position > waiter.seen && waiter.filter.matches($0.subject) }
            }
            for (id, waiter) in guarded.waiters where !waiter.isCalled {
                guarded.waiters[id]?.seen = max(waiter.seen, position)
            }
            return wanted
        }
        wake(wanted)
    }

    /// Chooses those who are to be woken, and are not yet.
    private static func call(_ guarded: inout Guarded, _ isWanted: (Waiter) -> Bool) -> [FirstAnswer<Void>] {
        var answers: [FirstAnswer<Void>] = []
        for (id, waiter) in guarded.waiters where !waiter.isCalled && isWanted(waiter) {
            guarded.waiters[id]?.isCalled = true
            answers.append(waiter.answer)
        }
        return answers
    }

    private func trim(_ guarded: inout Guarded) {
        var dropped = 0
        while guarded.bytes > mostBytes, dropped < guarded.frames.count - 1 {
            guarded.bytes -= guarded.frames[dropped].bytes.count
            guarded.start = guarded.frames[dropped].position
            dropped += 1
        }
        guarded.frames.removeFirst(dropped)
    }

    /// Forgets everything while nobody listens; says whether somebody does.
    func isWatched() -> Bool {
        guarded.withLock { guarded in
            guard guarded.listeners == 0 else { return true }
            guarded.start = nil
            guarded.head = 0
            guarded.frames = []
            guarded.bytes = 0
            return false
        }
    }

    /// Ends all listeners: the places of the database are not those that they know.
    func end() {
        let all = guarded.withLock { guarded in
            guarded.epoch += 1
            guarded.start = nil
            guarded.head = 0
            guarded.frames = []
            guarded.bytes = 0
            return guarded.waiters.values.map(\.answer)
        }
        for answer in all { answer.settle(()) }
    }
}
