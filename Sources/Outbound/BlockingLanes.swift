internal import Dispatch
internal import Synchronization

/// Runs blocking work on its own threads, a fixed number at a time; the rest waits in order. Any thread.
final class BlockingLanes: Sendable {
    private struct State {
        var free: Int
        var waiting: [@Sendable () -> Void] = []
    }

    private let queue = DispatchQueue(label: "weir.outbound", attributes: .concurrent)
    // Guards how many lanes are free, and what waits for one.
    private let state: Mutex<State>

    init(_ count: Int) {
        state = Mutex(State(free: max(1, count)))
    }

    func run(_ work: @escaping @Sendable () -> Void) {
        let isFree = state.withLock { state in
            guard state.free > 0 else {
                state.waiting.append(work)
                return false
            }
            state.free -= 1
            return true
        }
        if isFree { begin(work) }
    }

    private func begin(_ work: @escaping @Sendable () -> Void) {
        queue.async { [self] in
            work()
            let next: (@Sendable () -> Void)? = state.withLock { state in
                guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
                state.free += 1
                return nil
            }
            if let next { begin(next) }
        }
    }
}
