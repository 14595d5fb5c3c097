internal import Core
internal import Dispatch
internal import Ingest
internal import Logging
internal import Metrics
internal import Postgres
internal import Synchronization

/// What happens to events after they are written, in turns: those of other features are copied, all get their places in the
/// live order, and listeners hear of them. Each Weir runs one; several take turns.
final class Follower: Sendable {
    /// How long a GET waits for the copies of what was written before it.
    static let patience = Duration.milliseconds(500)
    /// How often listeners are woken: all of them at once, on the lanes that take events, too.
    static let pace = Duration.milliseconds(25)
    /// How much longer than a turn the pause behind it is while there is more to copy and nobody waits for it: copying takes
    /// a fifth of a connection's time from the loaders at most, however fast they write.
    static let rest = 4
    private static let longestRest = Duration.seconds(1)

    private struct Guarded {
        var begun = 0
        /// When listeners were told something last.
        var toldAt: ContinuousClock.Instant?
        /// Whether turns are taken, and the last one went well: otherwise nobody waits for the next.
        var isWorking = false
        var hasFailed = false
        var waiting: [(turn: Int, answer: FirstAnswer<Void>)] = []
    }

    private let copier: EventCopier
    private let hub: EventHub
    private let target: ConnectionTarget
    private let metrics: ProvenanceMetrics
    private let logger: Logger
    private let pace: Duration
    private let bell = Doorbell()
    // Guards the number of the turn, and who waits for the end of one.
    private let guarded = Mutex(Guarded())

    /// Makes one; `pace` is the least time from one wake of the listeners to the next.
    init(
        hub: EventHub,
        target: ConnectionTarget,
        metrics: ProvenanceMetrics,
        pace: Duration = Follower.pace,
        logger: Logger
    ) {
        self.pace = pace
        copier = EventCopier(metrics: metrics, logger: logger)
        self.hub = hub
        self.target = target
        self.metrics = metrics
        self.logger = logger
    }

    // MARK: - Turns

    /// Takes turns until the task is cancelled.
    func run() async {
        let connection = DedicatedConnection(
            target,
            SessionSettings(applicationName: "weir-provenance"),
            label: "weir.provenance"
        )
        var session: UInt64?
        while !Task.isCancelled {
            let turn = beginTurn()
            let began = ContinuousClock.now
            var next = Next.pause
            do {
                let known = session
                (session, next) = try await connection.withConnection { connection in
                    if connection.sessionID != known { try self.begin(on: connection) }
                    return (connection.sessionID, try self.takeTurn(on: connection))
                }
                ended(turn, isWorking: true)
            } catch {
                session = nil
                ended(turn, isWorking: false)
                await failed(error)
            }
            switch next {
            case .more:
                // Whoever waits rings the bell.
                if !isWaitedFor { await bell.wait(atMost: min((.now - began) * Self.rest, Self.longestRest)) }
            case .soon: try? await Task.sleep(for: pace)
            case .pause:
                await bell.wait(atMost: hub.listeners > 0 ? .milliseconds(100) : .milliseconds(250))
            }
        }
        ended(.max, isWorking: false)
        connection.close()
    }

    private func beginTurn() -> Int {
        guarded.withLock { guarded in
            guarded.begun += 1
            // The first turn is waited for, too.
            guarded.isWorking = !guarded.hasFailed
            return guarded.begun
        }
    }

    private func begin(on connection: Connection) throws {
        try EventsApplyStore.prepare(connection)
        try OutboxStore.register(EventCopier.consumer, on: connection)
    }

    /// When the next turn is due.
    enum Next: Sendable {
        /// There is more to copy.
        case more
        /// There is something to tell, and it is too early.
        case soon
        case pause
    }

    /// Copies, orders and tells.
    @discardableResult
    func takeTurn(on connection: Connection) throws -> Next {
        let hasMore = try copier.copy(batches: isWaitedFor ? 10 : 1, on: connection)
        for _ in 0..<20 {
            guard try PositionStore.placeSome(on: connection) else { break }
        }
        let isTold = try !hub.isWatched() || tell(on: connection)
        return hasMore ? .more : isTold ? .pause : .soon
    }

    /// Reads what is new, once for all listeners; false when it is too early for that.
    private func tell(on connection: Connection) throws -> Bool {
        let last = try PositionStore.last(on: connection)
        guard let head = hub.head else {
            hub.begin(at: last)
            return true
        }
        guard last > head else {
            if last < head { hub.end() }
            return true
        }
        let isEarly = guarded.withLock { guarded in
            let now = ContinuousClock.now
            if let toldAt = guarded.toldAt, now - toldAt < pace { return true }
            guarded.toldAt = now
            return false
        }
        guard !isEarly else { return false }
        for start in stride(from: head, to: last, by: 500) {
            let end = min(start + 500, last)
            hub.publish(try frames(after: start, through: end, on: connection), through: end)
        }
        return true
    }

    private func frames(after start: Int64, through end: Int64, on connection: Connection) throws
        -> [EventHub.Frame]
    {
        var frames: [EventHub.Frame] = []
        try PositionStore.forEach(
            after: start,
            through: end,
            atMost: 500,
            EventFilter(),
            on: connection
        ) { place, event in
            frames.append(.init(position: place, subject: .init(event), bytes: EventFrame.bytes(event)))
            return true
        }
        return frames
    }

    private func failed(_ error: any Error) async {
        guard !Task.isCancelled else { return }
        metrics.failures.increment()
        let level: Logger.Level = (error as? PostgresError)?.isRetryable == true ? .debug : .warning
        logger.log(level: level, "provenance events are not followed", metadata: ["error": "\(error)"])
        try? await Task.sleep(for: .seconds(1))
    }

    private func ended(_ turn: Int, isWorking: Bool) {
        let over = guarded.withLock { guarded in
            guarded.isWorking = isWorking
            guarded.hasFailed = !isWorking
            let over = guarded.waiting.filter { !isWorking || $0.turn <= turn }
            guarded.waiting.removeAll { !isWorking || $0.turn <= turn }
            return over
        }
        for waiter in over { waiter.answer.settle(()) }
    }

    // MARK: - Who waits

    private var isWaitedFor: Bool { guarded.withLock { !$0.waiting.isEmpty } }

    /// Something was written: the next turn begins at once.
    func wake() { bell.ring() }

    /// Waits until what was written before is copied; not at all while PostgreSQL is away, and half a second at most.
    func catchUp() async {
        let answer = FirstAnswer<Void>()
        let waits = guarded.withLock { guarded in
            guard guarded.isWorking else { return false }
            guarded.waiting.append((guarded.begun + 1, answer))
            return true
        }
        guard waits else { return }
        bell.ring()
        DispatchQueue.global().asyncAfter(
            deadline: .now() + .milliseconds(Int(Self.patience / .milliseconds(1)))
        ) {
            answer.settle(())
        }
        await answer.value
    }

    /// Wakes listeners that are due for a comment, until the task is cancelled.
    func keepTime(_ heartbeat: Duration) async {
        let pause = min(heartbeat / 4, .seconds(1))
        while !Task.isCancelled {
            try? await Task.sleep(for: pause)
            hub.tick(at: .now)
        }
    }
}

/// Wakes the one who waits. Any thread.
final class Doorbell: Sendable {
    private struct Guarded {
        var isRung = false
        var waiter: FirstAnswer<Void>?
    }

    // Guards whether it was rung since the last wait, and who waits.
    private let guarded = Mutex(Guarded())

    func ring() {
        let waiter = guarded.withLock { guarded in
            guarded.isRung = true
            return guarded.waiter
        }
        waiter?.settle(())
    }

    /// Waits until it rings, a time at most, or until the task is cancelled; at once when it has rung since.
    func wait(atMost time: Duration) async {
        let answer = FirstAnswer<Void>()
        let isRung = guarded.withLock { guarded in
            guarded.waiter = guarded.isRung ? nil : answer
            defer { guarded.isRung = false }
            return guarded.isRung
        }
        guard !isRung else { return }
        let timer = Task {
            try? await Task.sleep(for: time)
            answer.settle(())
        }
        await withTaskCancellationHandler {
            await answer.value
        } onCancel: {
            answer.settle(())
        }
        timer.cancel()
        guarded.withLock { guarded in
            guarded.isRung = false
            guarded.waiter = nil
        }
    }
}
