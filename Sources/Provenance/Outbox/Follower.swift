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

    private struct Guarded {
        var begun = 0
        /// Whether the last turn went well: otherwise nobody waits for the next.
        var isWorking = false
        var waiting: [(turn: Int, answer: FirstAnswer<Void>)] = []
    }

    private let copier: EventCopier
    private let hub: EventHub
    private let target: ConnectionTarget
    private let metrics: ProvenanceMetrics
    private let logger: Logger
    private let bell = Doorbell()
    // Guards the number of the turn, and who waits for the end of one.
    private let guarded = Mutex(Guarded())

    init(hub: EventHub, target: ConnectionTarget, metrics: ProvenanceMetrics, logger: Logger) {
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
            let turn = guarded.withLock { guarded in
                guarded.begun += 1
                return guarded.begun
            }
            var hasMore = false
            do {
                let known = session
                (session, hasMore) = try await connection.withConnection { connection in
                    if connection.sessionID != known { try self.begin(on: connection) }
                    return (connection.sessionID, try self.takeTurn(on: connection))
                }
                ended(turn, isWorking: true)
            } catch {
                session = nil
                ended(turn, isWorking: false)
                await failed(error)
            }
            if !hasMore {
                await bell.wait(atMost: hub.listeners > 0 ? .milliseconds(100) : .milliseconds(250))
            }
        }
        ended(.max, isWorking: false)
        connection.close()
    }

    private func begin(on connection: Connection) throws {
        try EventsApplyStore.prepare(connection)
        try OutboxStore.register(EventCopier.consumer, on: connection)
    }

    /// Copies, orders and tells; says whether there is more.
    func takeTurn(on connection: Connection) throws -> Bool {
        let hasMore = try copier.copy(on: connection)
        for _ in 0..<20 where try PositionStore.placeSome(on: connection) {}
        if hub.isWatched() { try tell(on: connection) }
        return hasMore
    }

    /// Reads what is new, once for all listeners.
    private func tell(on connection: Connection) throws {
        let last = try PositionStore.last(on: connection)
        guard var head = hub.head else { return hub.begin(at: last) }
        guard last >= head else { return hub.end() }
        while head < last {
            var frames: [EventHub.Frame] = []
            let (start, end) = (head, min(head + 500, last))
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
            hub.publish(frames, through: end)
            head = end
        }
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
            let over = guarded.waiting.filter { !isWorking || $0.turn <= turn }
            guarded.waiting.removeAll { !isWorking || $0.turn <= turn }
            return over
        }
        for waiter in over { waiter.answer.settle(()) }
    }

    // MARK: - Who waits

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
