import Synchronization

/// Tasks that run until Weir stops.
final class BackgroundWork: Sendable {
    private struct Guarded {
        var tasks: [Task<Void, Never>] = []
        var isCancelled = false
    }

    // Guards the tasks; none is added after they are cancelled.
    private let guarded = Mutex(Guarded())

    /// Starts a task; does nothing after `cancelAll`.
    func add(_ body: @escaping @Sendable () async -> Void) {
        guarded.withLock { guarded in
            guard !guarded.isCancelled else { return }
            guarded.tasks.append(Task { await body() })
        }
    }

    /// Cancels all tasks and waits until they end.
    func cancelAll() async {
        let tasks = guarded.withLock { guarded in
            guarded.isCancelled = true
            defer { guarded.tasks = [] }
            return guarded.tasks
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }
}
