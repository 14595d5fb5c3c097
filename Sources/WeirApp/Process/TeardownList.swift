import Core
import Logging
import Synchronization

/// The steps that stop Weir, by name; the last one added runs first.
package final class TeardownList: Sendable {
    private struct Step {
        let name: String
        let limit: Duration
        let action: @Sendable () async -> Void
    }

    // Guards the remaining steps.
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

    /// Runs all steps, the last one first; a second call does nothing.
    ///
    /// A step that exceeds its limit is abandoned, so that stopping is bounded in time.
    func run() async {
        while let step = steps.withLock({ $0.popLast() }) {
            logger.debug("stopping", metadata: ["part": "\(step.name)"])
            let isDone = await Self.finishes(within: step.limit, step.action)
            if !isDone { logger.warning("part did not stop in time", metadata: ["part": "\(step.name)"]) }
        }
    }

    /// Runs the action; false when it is still running after the limit.
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
