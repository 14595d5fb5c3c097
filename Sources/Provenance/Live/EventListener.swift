internal import Core
internal import Metrics
internal import Synchronization

/// One connection that follows the live stream: a place, and no events.
///
/// The server pulls the next piece after the socket has taken the one before, so that a client that reads nothing holds
/// one piece at most, until the server drops its connection.
final class EventListener: Sendable {
    /// The most bytes of a piece, unless one event has more.
    static let pieceBytes = 16 << 10
    private static let comment = Array(": \n\n".utf8)
    /// How long a client waits before it connects again, in milliseconds.
    private static let greeting = Array("retry: 2000\n\n".utf8)

    private let hub: EventHub
    private let archive: EventArchive
    private let metrics: ProvenanceMetrics
    private let filter: EventFilter
    private let epoch: Int
    private let heartbeat: Duration

    private struct State {
        var position: Int64
        var isGreeted = false
        var isBehind = false
        var sentAt = ContinuousClock.now
    }

    // Guards the place; the server pulls one piece at a time.
    private let state: Mutex<State>

    /// Makes a listener that begins behind a place; nil when there are as many as there may be.
    init?(
        _ hub: EventHub,
        _ archive: EventArchive,
        _ metrics: ProvenanceMetrics,
        _ filter: EventFilter,
        after position: Int64,
        heartbeat: Duration
    ) {
        guard let epoch = hub.join() else {
            metrics.listenerEnded(.refused)
            return nil
        }
        self.hub = hub
        self.archive = archive
        self.metrics = metrics
        self.filter = filter
        self.epoch = epoch
        self.heartbeat = heartbeat
        state = Mutex(State(position: position))
        metrics.listeners.increment()
    }

    deinit {
        hub.leave()
        metrics.listeners.decrement()
        metrics.listenerEnded(.closed)
    }

    /// The next piece of the stream; nil at its end, when the task is cancelled.
    func next() async -> [UInt8]? {
        let isGreeted = state.withLock { state in
            defer { state.isGreeted = true }
            return state.isGreeted
        }
        guard isGreeted else { return Self.greeting }
        while !Task.isCancelled {
            let (position, due) = state.withLock { ($0.position, $0.sentAt + heartbeat) }
            switch hub.take(after: position, filter, epoch: epoch, atMost: Self.pieceBytes) {
            case .ended: return nil
            case .frames(let bytes, let count, let place):
                return sent(bytes, count, place, isBehind: false)
            case .nothing(let place):
                guard ContinuousClock.now < due else { return sent(Self.comment, 0, place, isBehind: false) }
                let seen = await hub.wait(after: place, filter, epoch: epoch, until: due)
                state.withLock { $0.position = max($0.position, seen) }
            case .behind:
                if let piece = await catchUp(from: position, due) { return piece }
            }
        }
        return nil
    }

    /// Reads from the database; nil when there was nothing to send.
    private func catchUp(from position: Int64, _ due: ContinuousClock.Instant) async -> [UInt8]? {
        do {
            let page = try await archive.read(after: position, filter)
            if !page.bytes.isEmpty { return sent(page.bytes, page.count, page.through, isBehind: true) }
            state.withLock { $0.position = page.through }
        } catch {
            // PostgreSQL is away: the place stays.
            try? await Task.sleep(for: min(heartbeat, .seconds(1)))
        }
        guard ContinuousClock.now >= due else { return nil }
        let place = state.withLock { $0.position }
        return sent(Self.comment, 0, place, isBehind: true)
    }

    private func sent(_ bytes: [UInt8], _ count: Int, _ position: Int64, isBehind: Bool) -> [UInt8] {
        let fellBehind = state.withLock { state in
            defer { state.isBehind = isBehind }
            state.position = position
            state.sentAt = .now
            return isBehind && !state.isBehind
        }
        if fellBehind { metrics.fallenBehind.increment() }
        metrics.sent.increment(by: count)
        return bytes
    }
}
