internal import Synchronization

/// Bounds the bytes of request bodies that are held at one time, over all connections.
///
/// Whoever gets none stops reading and is called back: nobody is refused. So that holders who wait for more
/// never wait for each other only, the first of them gets it when no other holder can go on.
final class BodyBudget: Sendable {
    /// A reservation that could not be given yet.
    private struct Waiter {
        let bytes: Int
        let holding: Int
        let granted: @Sendable () -> Void
    }

    private struct State {
        var used = 0
        var heldByWaiters = 0
        var waiters: [Waiter] = []  // in order of arrival

        /// A waiter whose connection has ended still counts as a holder, hence `<=`.
        func fits(_ bytes: Int, limit: Int) -> Bool {
            used + bytes <= limit || used <= heldByWaiters
        }
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    /// The bytes that are reserved now.
    var used: Int { state.withLock { $0.used } }

    /// How many wait for bytes now.
    var waiting: Int { state.withLock { $0.waiters.count } }

    /// Reserves bytes at once and returns true, or returns false and calls `granted` later, on any thread.
    ///
    /// `holding` is what the caller has reserved already.
    func reserve(_ bytes: Int, holding: Int, granted: @escaping @Sendable () -> Void) -> Bool {
        let calls = state.withLock { state -> [@Sendable () -> Void]? in
            if state.waiters.isEmpty, state.used + bytes <= limit {
                state.used += bytes
                return nil
            }
            state.heldByWaiters += holding
            state.waiters.append(Waiter(bytes: bytes, holding: holding, granted: granted))
            return BodyBudget.grant(&state, limit: limit)
        }
        guard let calls else { return true }
        for call in calls { call() }
        return false
    }

    /// Gives bytes back and calls those whose turn it is.
    func release(_ bytes: Int) {
        guard bytes > 0 else { return }
        let calls = state.withLock { state in
            state.used -= bytes
            return BodyBudget.grant(&state, limit: limit)
        }
        for call in calls { call() }
    }

    private static func grant(_ state: inout State, limit: Int) -> [@Sendable () -> Void] {
        var calls: [@Sendable () -> Void] = []
        while let next = state.waiters.first, state.fits(next.bytes, limit: limit) {
            state.waiters.removeFirst()
            state.heldByWaiters -= next.holding
            state.used += next.bytes
            calls.append(next.granted)
        }
        return calls
    }
}
