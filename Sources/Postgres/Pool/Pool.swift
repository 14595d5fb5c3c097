import Dispatch
import Synchronization

/// A bounded number of connections, each on its own queue, opened when first needed.
///
/// While the server is away, one task at a time tries to connect, with growing pauses; all others fail at once
/// with `unreachable`. Waiters are served in order of arrival.
package final class Pool: Sendable {
    /// Where the pool connects to.
    package let target: ConnectionTarget
    /// The limits and the session's settings.
    package let configuration: PoolConfiguration
    private let pulse: ServerPulse?
    private let slots: [SessionSlot]
    /// Guards the owners of slots, the waiters' continuations and the counts.
    private let state: Mutex<Guarded>

    private typealias Waiter = CheckedContinuation<Int, any Error>

    private struct Guarded {
        var slots: PoolState<Waiter>
        var closers: [CheckedContinuation<Void, Never>] = []
        var acquisitions: UInt64 = 0
        var timeouts: UInt64 = 0
        var connectFailures: UInt64 = 0
    }

    /// Creates a pool; nothing is connected yet. With a pulse, whose `run` the caller has to start, no caller waits for
    /// a server that does not respond.
    package init(
        _ target: ConnectionTarget,
        _ configuration: PoolConfiguration = PoolConfiguration(),
        pulse: ServerPulse? = nil
    ) {
        self.target = target
        self.configuration = configuration
        self.pulse = pulse
        slots = (0..<configuration.limit).map { SessionSlot(label: "weir.postgres.pool.\($0)") }
        state = Mutex(Guarded(slots: PoolState(limit: configuration.limit)))
    }

    /// Runs `body` with an exclusive connection, on the connection's queue.
    ///
    /// Cancelling the task cancels the running statement, or ends the wait. A connection that broke is replaced for the
    /// next user. `body` must not keep the connection. When the server stops responding, this throws `unreachable`
    /// while `body` still waits: its connection is returned when the server responds again.
    /// - Throws: what `body` throws, or a `PostgresError` (`unreachable`, `poolTimeout`, `closed`, `cancelled`, …).
    package func withConnection<Value: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws -> Value {
        var deadline: ContinuousClock.Instant?
        while true {
            do {
                return try await lease(try await acquire(), body)
            } catch let full as FullServer {
                // One of the pool's connections may be returned, or the server may get a free one: wait for either.
                let end = deadline ?? .now + configuration.acquisitionTimeout
                deadline = end
                guard ContinuousClock.now < end else { throw full.error }
                try? await Task.sleep(for: .milliseconds(100))
                if Task.isCancelled { throw PostgresError.acquisitionCancelled }
            }
        }
    }

    /// The server has no free connection (53300).
    private struct FullServer: Error {
        let error: PostgresError
    }

    private func lease<Value: Sendable>(
        _ slot: Int,
        _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws -> Value {
        let cancellation = LeaseCancellation()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome = FirstResult(continuation)
                let watcher = pulse?.whenSilent { outcome.settle(.failure(PostgresError.serverSilent)) }
                slots[slot].queue.async {
                    let result = Result { try self.use(slot, cancellation, body) }
                    cancellation.finish()
                    self.giveBack(slot)
                    if let watcher { self.pulse?.forget(watcher) }
                    outcome.settle(result)
                }
            }
        } onCancel: {
            cancellation.cancel()
        }
    }

    /// What the pool is doing at this moment.
    package var status: PoolStatus {
        state.withLock { state in
            var status = PoolStatus(
                limit: state.slots.limit,
                inUse: state.slots.leased.count,
                idle: state.slots.idle.count,
                waiting: state.slots.waiting.count,
                isReachable: nil,
                lastError: nil,
                acquisitions: state.acquisitions,
                timeouts: state.timeouts,
                connectFailures: state.connectFailures
            )
            status.lastError = state.slots.crowd?.error
            switch state.slots.health {
            case _ where pulse?.isSilent == true:
                status.isReachable = false
                status.lastError = .serverSilent
            case .unknown: break
            case .reachable: status.isReachable = true
            case .away(let away):
                status.isReachable = false
                status.lastError = away.error
            }
            return status
        }
    }

    /// Refuses new users, waits for current ones, and closes all connections. Idempotent.
    package func close() async {
        let (waiters, idle) = state.withLock { $0.slots.close() }
        for waiter in waiters { waiter.resume(throwing: PostgresError.poolClosed) }
        for slot in idle { closeConnection(slot) }
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if !state.slots.leased.isEmpty { state.closers.append(continuation) }
                return state.slots.leased.isEmpty
            }
            if isDone { continuation.resume() }
        }
    }

    // MARK: - Acquiring

    private func acquire() async throws -> Int {
        if pulse?.isSilent == true { throw PostgresError.serverSilent }
        let decision = state.withLock { state in
            state.acquisitions += 1
            return state.slots.acquisitionAsked(now: .now)
        }
        switch decision {
        case .lease(let slot): return slot
        case .refuse(let error) where error.kind == .tooManyConnections: throw FullServer(error: error)
        case .refuse(let error): throw error
        case .wait: return try await wait()
        }
    }

    /// Tries again under the lock that enqueues, since a slot may have been returned in between.
    private func wait() async throws -> Int {
        let ticket = Mutex<UInt64?>(nil)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                enqueue(continuation, ticket)
                if Task.isCancelled { giveUp(ticket, .acquisitionCancelled) }
            }
        } onCancel: {
            giveUp(ticket, .acquisitionCancelled)
        }
    }

    private func enqueue(_ continuation: Waiter, _ ticket: borrowing Mutex<UInt64?>) {
        let (decision, id) = state.withLock { state in
            let decision = state.slots.acquisitionAsked(now: .now)
            guard case .wait = decision else { return (decision, UInt64?.none) }
            return (decision, state.slots.enqueue(continuation))
        }
        switch decision {
        case .lease(let slot): continuation.resume(returning: slot)
        case .refuse(let error) where error.kind == .tooManyConnections:
            continuation.resume(throwing: FullServer(error: error))
        case .refuse(let error): continuation.resume(throwing: error)
        case .wait: ticket.withLock { $0 = id }
        }
        if let id { startTimeout(of: id) }
    }

    private func startTimeout(of id: UInt64) {
        let timeout = configuration.acquisitionTimeout
        let limit = configuration.limit
        let milliseconds = Int(clamping: timeout.wholeMilliseconds)
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { [weak self] in
            guard let self, let waiter = gaveUp(id) else { return }
            state.withLock { $0.timeouts += 1 }
            waiter.resume(throwing: PostgresError.poolTimeout(after: timeout, limit: limit))
        }
    }

    private func giveUp(_ ticket: borrowing Mutex<UInt64?>, _ error: PostgresError) {
        guard let id = ticket.withLock({ $0 }) else { return }
        gaveUp(id)?.resume(throwing: error)
    }

    private func gaveUp(_ id: UInt64) -> Waiter? {
        state.withLock { $0.slots.waiterGaveUp(id) }
    }

    // MARK: - On the slot's queue

    private func use<Value>(
        _ slot: Int,
        _ cancellation: LeaseCancellation,
        _ body: (Connection) throws -> Value
    ) throws -> Value {
        let connection: Connection
        do {
            connection = try ready(slot)
        } catch  where error.kind == .tooManyConnections {
            throw FullServer(error: error)
        }
        guard cancellation.begin(connection.cancelHandle) else { throw PostgresError.acquisitionCancelled }
        return try body(connection)
    }

    private func ready(_ slot: Int) throws(PostgresError) -> Connection {
        do throws(PostgresError) {
            let connection = try slots[slot].ready { () throws(PostgresError) in
                let opened = try Connection.open(
                    target,
                    configuration.session,
                    on: slots[slot].queue,
                    statementCacheCapacity: configuration.statementCacheCapacity
                )
                state.withLock { $0.slots.connectionWasOpened() }
                return opened
            }
            state.withLock { $0.slots.connectionWasReady() }
            return connection
        } catch {
            let waiters = state.withLock { state in
                state.connectFailures += 1
                return state.slots.connectFailed(error, slot: slot, now: .now)
            }
            for waiter in waiters { waiter.resume(throwing: error) }
            throw error
        }
    }

    private func giveBack(_ slot: Int) {
        let isOpen = slots[slot].dropIfBroken()
        let (waiter, isClosed) = state.withLock { state in
            (state.slots.slotReturned(slot, isOpen: isOpen), state.slots.isClosed)
        }
        waiter?.resume(returning: slot)
        guard isClosed else { return }
        slots[slot].close()
        let closers = state.withLock { state in
            defer { if state.slots.leased.isEmpty { state.closers.removeAll() } }
            return state.slots.leased.isEmpty ? state.closers : []
        }
        for closer in closers { closer.resume() }
    }

    private func closeConnection(_ slot: Int) {
        let slot = slots[slot]
        slot.queue.async { slot.close() }
    }
}
