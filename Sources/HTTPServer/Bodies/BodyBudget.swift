internal import Synchronization

/// Bounds the bytes of request bodies, and of large responses, that are held at one time, over all connections.
///
/// A connection that gets no bytes stops reading and is called back; none is refused. To avoid a deadlock among holders
/// that wait for more, the first of them gets more when no other holder can go on. Large bodies leave a quarter to
/// small ones, which do not queue behind them either: a few slow uploads delay no event.
final class BodyBudget: Sendable {
    /// Bytes of a body in two parts: the first bytes are in the small share, the others in the share of large bodies.
    private struct Share {
        let small: Int
        let large: Int

        init(_ bytes: Int, after holding: Int) {
            small = min(holding + bytes, BodyBudget.smallBody) - min(holding, BodyBudget.smallBody)
            large = bytes - small
        }
    }

    /// A reservation that waits.
    private struct Waiter {
        let share: Share
        let holding: Int
        let granted: @Sendable () -> Void

        var isLarge: Bool { share.large > 0 }
    }

    private struct State {
        var usedBySmall = 0
        var usedByLarge = 0
        /// Bytes of large responses that clients have not read yet.
        var answers = 0
        var heldByWaiters = 0
        // Both in order of arrival.
        var small: [Waiter] = []
        var large: [Waiter] = []

        var used: Int { usedBySmall + usedByLarge + answers }

        func hasRoom(for share: Share, limit: Int) -> Bool {
            let quarter = limit / 4
            if share.large > 0 { return usedByLarge + answers + share.large <= limit - quarter }
            return used + share.small <= limit || usedBySmall + share.small <= quarter
        }

        mutating func take(_ share: Share) {
            usedBySmall += share.small
            usedByLarge += share.large
        }
    }

    /// The size up to which a body is small.
    private static let smallBody = 256 << 10

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    /// The bytes that are reserved.
    var used: Int { state.withLock { $0.used } }

    /// How many connections wait for bytes.
    var waiting: Int { state.withLock { $0.small.count + $0.large.count } }

    /// Reserves bytes at once and returns true, or returns false and calls `granted` later, on any thread.
    ///
    /// `holding` is what the caller has reserved already.
    func reserve(_ bytes: Int, holding: Int, granted: @escaping @Sendable () -> Void) -> Bool {
        let waiter = Waiter(share: Share(bytes, after: holding), holding: holding, granted: granted)
        let calls = state.withLock { state -> [@Sendable () -> Void]? in
            let isFirst = waiter.isLarge ? state.large.isEmpty : state.small.isEmpty
            if isFirst, state.hasRoom(for: waiter.share, limit: limit) {
                state.take(waiter.share)
                return nil
            }
            state.heldByWaiters += holding
            if waiter.isLarge { state.large.append(waiter) } else { state.small.append(waiter) }
            return grant(&state)
        }
        guard let calls else { return true }
        for call in calls { call() }
        return false
    }

    /// Releases bytes, those after `holding` others of the same body, and calls the next waiters.
    func release(_ bytes: Int, after holding: Int = 0) {
        guard bytes > 0 else { return }
        let share = Share(bytes, after: holding)
        let calls = state.withLock { state in
            state.usedBySmall -= share.small
            state.usedByLarge -= share.large
            return grant(&state)
        }
        for call in calls { call() }
    }

    /// Counts the bytes of a large response until `answerGone`; false when it `mayWait` and the share of large bodies
    /// and responses is used up.
    func hold(answer bytes: Int, mayWait: Bool) -> Bool {
        state.withLock { state in
            let others = state.usedByLarge + state.answers
            if mayWait, others > 0, others + bytes > limit - limit / 4 { return false }
            state.answers += bytes
            return true
        }
    }

    /// Releases bytes of responses, and calls the next waiters.
    func answerGone(_ bytes: Int) {
        let calls = state.withLock { state in
            state.answers -= bytes
            return grant(&state)
        }
        for call in calls { call() }
    }

    private func grant(_ state: inout State) -> [@Sendable () -> Void] {
        var calls: [@Sendable () -> Void] = []
        while let next = BodyBudget.takeNext(&state, limit: limit) {
            state.heldByWaiters -= next.holding
            state.take(next.share)
            calls.append(next.granted)
        }
        return calls
    }

    private static func takeNext(_ state: inout State, limit: Int) -> Waiter? {
        if let next = state.small.first, state.hasRoom(for: next.share, limit: limit) {
            return state.small.removeFirst()
        }
        if let next = state.large.first, state.hasRoom(for: next.share, limit: limit) {
            return state.large.removeFirst()
        }
        // A waiter whose connection has ended still counts as a holder, hence `<=`.
        guard state.used <= state.heldByWaiters else { return nil }
        // Always the one that holds most, so that one body completes instead of all growing beyond the limit.
        let most = state.large.indices.reduce(nil) { best, index in
            best.map { state.large[$0].holding >= state.large[index].holding ? $0 : index } ?? index
        }
        if let most { return state.large.remove(at: most) }
        return state.small.isEmpty ? nil : state.small.removeFirst()
    }
}
