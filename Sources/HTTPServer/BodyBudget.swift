internal import Synchronization

/// Bounds the bytes of request bodies that are held at one time, over all connections.
///
/// Whoever gets none stops reading and is called back: nobody is refused. So that holders who wait for more
/// never wait for each other only, the first of them gets it when no other holder can go on. Large bodies leave a
/// quarter to small ones, which do not wait behind them either: a few slow uploads hold up no event.
final class BodyBudget: Sendable {
    /// A reservation that could not be given yet.
    private struct Waiter {
        let bytes: Int
        let holding: Int
        let granted: @Sendable () -> Void

        var isLarge: Bool { bytes + holding > BodyBudget.smallBody }
    }

    private struct State {
        var used = 0
        var heldByWaiters = 0
        // Both in order of arrival.
        var small: [Waiter] = []
        var large: [Waiter] = []

        /// A waiter whose connection has ended still counts as a holder, hence `<=`.
        func fits(_ waiter: Waiter, limit: Int) -> Bool {
            hasRoom(for: waiter, limit: limit) || used <= heldByWaiters
        }

        func hasRoom(for waiter: Waiter, limit: Int) -> Bool {
            used + waiter.bytes <= (waiter.isLarge ? limit - limit / 4 : limit)
        }
    }

    /// Bytes of a body up to which it is small.
    private static let smallBody = 256 << 10

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    /// The bytes that are reserved now.
    var used: Int { state.withLock { $0.used } }

    /// How many wait for bytes now.
    var waiting: Int { state.withLock { $0.small.count + $0.large.count } }

    /// Reserves bytes at once and returns true, or returns false and calls `granted` later, on any thread.
    ///
    /// `holding` is what the caller has reserved already.
    func reserve(_ bytes: Int, holding: Int, granted: @escaping @Sendable () -> Void) -> Bool {
        let waiter = Waiter(bytes: bytes, holding: holding, granted: granted)
        let queue = waiter.isLarge ? \State.large : \State.small
        let calls = state.withLock { state -> [@Sendable () -> Void]? in
            if state[keyPath: queue].isEmpty, state.hasRoom(for: waiter, limit: limit) {
                state.used += bytes
                return nil
            }
            state.heldByWaiters += holding
            state[keyPath: queue].append(waiter)
            return grant(&state)
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
            return grant(&state)
        }
        for call in calls { call() }
    }

    private func grant(_ state: inout State) -> [@Sendable () -> Void] {
        var calls: [@Sendable () -> Void] = []
        for queue in [\State.small, \State.large] {
            while let next = state[keyPath: queue].first, state.fits(next, limit: limit) {
                state[keyPath: queue].removeFirst()
                state.heldByWaiters -= next.holding
                state.used += next.bytes
                calls.append(next.granted)
            }
        }
        return calls
    }
}
