/// The owners of a pool's slots, the waiters, and whether the server is reachable.
///
/// A slot is a place for one connection, open or not. Waiters exist only while every slot is leased and the server is
/// not known to be away: a returned slot goes to the first of them, and a failed attempt to connect fails them all at
/// once.
struct PoolState<Waiter> {
    typealias Instant = ContinuousClock.Instant

    enum Health {
        /// No attempt was made yet.
        case unknown
        case reachable
        /// The last attempt failed. Until `nextAttempt` all callers are refused; then one slot may try.
        case away(Away)
    }

    struct Away {
        var error: PostgresError
        var attempts: Int
        var nextAttempt: Instant
        var prober: Int?
    }

    enum Decision {
        case lease(slot: Int)
        case wait
        case refuse(PostgresError)
    }

    /// The server had no free connection: until then no slot tries again, and callers wait for one of the pool's
    /// connections.
    struct Crowd {
        var error: PostgresError
        var until: Instant
    }

    let limit: Int
    private(set) var crowd: Crowd?
    private(set) var health = Health.unknown
    /// Slots with an open connection, the one used last at the end.
    private(set) var idle: [Int] = []
    private var vacant: [Int]
    private(set) var leased: Set<Int> = []
    private(set) var waiting: [(id: UInt64, waiter: Waiter)] = []
    private(set) var isClosed = false
    private var lastWaiterID: UInt64 = 0

    init(limit: Int) {
        precondition(limit > 0, "BUG: a pool without connections")
        self.limit = limit
        vacant = Array((0..<limit).reversed())
    }

    // MARK: - Acquiring

    mutating func acquisitionAsked(now: Instant) -> Decision {
        if isClosed { return .refuse(.poolClosed) }
        if case .away(let away) = health, away.prober != nil || now < away.nextAttempt {
            return .refuse(away.error)
        }
        guard waiting.isEmpty else { return .wait }
        if idle.isEmpty, let crowd, now < crowd.until { return .refuse(crowd.error) }
        guard let slot = idle.popLast() ?? vacant.popLast() else { return .wait }
        leased.insert(slot)
        if case .away(var away) = health {
            away.prober = slot
            health = .away(away)
        }
        return .lease(slot: slot)
    }

    mutating func enqueue(_ waiter: Waiter) -> UInt64 {
        lastWaiterID += 1
        waiting.append((lastWaiterID, waiter))
        return lastWaiterID
    }

    /// Returns the waiter for the caller to fail, or nil if it already has a slot or a refusal.
    mutating func waiterGaveUp(_ id: UInt64) -> Waiter? {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return nil }
        return waiting.remove(at: index).waiter
    }

    // MARK: - Facts from the slots

    mutating func connectionWasReady() {
        health = .reachable
    }

    mutating func connectionWasOpened() {
        crowd = nil
    }

    /// Returns the waiters for the caller to fail with the error.
    mutating func connectFailed(_ error: PostgresError, slot: Int, now: Instant) -> [Waiter] {
        if error.kind == .tooManyConnections {
            crowd = Crowd(error: error, until: now + .milliseconds(200))
            return []
        }
        guard error.kind == .unreachable || error.isFatalAtStart else { return [] }
        switch health {
        case .away(let away) where away.prober != slot: break  // one of several that started together
        case .away(let away): setAway(error, attempts: away.attempts + 1, now)
        case .unknown, .reachable: setAway(error, attempts: 1, now)
        }
        defer { waiting.removeAll() }
        return waiting.map(\.waiter)
    }

    /// Returns the waiter that gets the slot.
    mutating func slotReturned(_ slot: Int, isOpen: Bool) -> Waiter? {
        if case .away(var away) = health, away.prober == slot {
            away.prober = nil
            health = .away(away)
        }
        if !waiting.isEmpty {
            return waiting.removeFirst().waiter
        }
        leased.remove(slot)
        if isOpen { idle.append(slot) } else { vacant.append(slot) }
        return nil
    }

    // MARK: - Closing

    /// Returns the waiters to fail and the idle slots whose connections the caller closes.
    mutating func close() -> (waiters: [Waiter], idle: [Int]) {
        isClosed = true
        defer {
            waiting.removeAll()
            vacant += idle
            idle.removeAll()
        }
        return (waiting.map(\.waiter), idle)
    }

    private mutating func setAway(_ error: PostgresError, attempts: Int, _ now: Instant) {
        let delay = min(Duration.milliseconds(100) * (1 << min(attempts - 1, 10)), .seconds(2))
        health = .away(Away(error: error, attempts: attempts, nextAttempt: now + delay, prober: nil))
    }
}

extension PostgresError {
    static let poolClosed = PostgresError(
        kind: .closed,
        message: "the connection pool is closed",
        context: "acquire a connection"
    )
    static let acquisitionCancelled = PostgresError(
        kind: .cancelled,
        message: "the waiting task was cancelled",
        context: "acquire a connection"
    )

    static func poolTimeout(after timeout: Duration, limit: Int) -> PostgresError {
        PostgresError(
            kind: .poolTimeout,
            message: "none of \(limit) connections became free within \(timeout)",
            context: "acquire a connection"
        )
    }
}
