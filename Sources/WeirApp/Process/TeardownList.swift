import Logging
import Synchronization

/// What must be undone when Weir stops, by name, last come first undone.
package final class TeardownList: Sendable {
    private struct Step {
        let name: String
        let limit: Duration
        let action: @Sendable () async -> Void
    }

    // Guards the steps that are still to be done.
    private let steps = Mutex<[Step]>([])
    private let logger: Logger

    /// An empty list.
    init(logger: Logger) {
        self.logger = logger
    }

    /// Adds a step that may take `limit` at most.
    func add(_ name: String, within limit: Duration, _ action: @escaping @Sendable () async -> Void) {
        steps.withLock { $0.append(Step(name: name, limit: limit, action: action)) }
    }

    /// Does all that was added, the last first; a second call finds nothing to do.
    ///
    /// A step that takes longer than it may is left behind, so that stopping is bounded in time.
    func run() async {
        while let step = steps.withLock({ $0.popLast() }) {
            logger.debug("stopping", metadata: ["part": "\(step.name)"])
            let isDone = await Self.finishes(within: step.limit, step.action)
            if !isDone { logger.warning("part did not stop in time", metadata: ["part": "\(step.name)"]) }
        }
    }

    /// Runs the action; false when it is still busy after the limit.
    private static func finishes(within limit: Duration, _ action: @escaping @Sendable () async -> Void) async
        -> Bool
    {
        let outcome = FirstAnswer<Bool>()
        let work = Task {
            await action()
            outcome.settle(true)
        }
        let watch = Task {
            try? await Task.sleep(for: limit)
            outcome.settle(false)
        }
        let isDone = await outcome.value
        watch.cancel()
        if !isDone { work.cancel() }
        return isDone
    }
}

/// A value that somebody waits for and that the first to come settles.
final class FirstAnswer<Value: Sendable>: Sendable {
    private enum State {
        case open
        case waiting(CheckedContinuation<Value, Never>)
        case settled(Value)
    }

    // Guards the value and the one who waits for it.
    private let state = Mutex(State.open)

    /// Settles the value; later values are dropped.
    func settle(_ value: Value) {
        let waiter: CheckedContinuation<Value, Never>? = state.withLock { state in
            switch state {
            case .open:
                state = .settled(value)
                return nil
            case .waiting(let continuation):
                state = .settled(value)
                return continuation
            case .settled: return nil
            }
        }
        waiter?.resume(returning: value)
    }

    /// The value, once it is settled. One waiter at most.
    var value: Value {
        get async {
            await withCheckedContinuation { continuation in
                let settled: Value? = state.withLock { state in
                    if case .settled(let value) = state { return value }
                    state = .waiting(continuation)
                    return nil
                }
                if let settled { continuation.resume(returning: settled) }
            }
        }
    }
}
