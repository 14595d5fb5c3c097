package import Dispatch

/// A serial queue for a share of the connections and their handlers.
///
/// As a `TaskExecutor` it starts an `async` handler where its bytes were read. Code on a lane must not block:
/// a blocked lane delays every connection on it.
package final class Lane: TaskExecutor, CustomStringConvertible {
    /// The serial queue; work put on it runs between the lane's connections.
    package let queue: DispatchQueue

    /// The queue's label.
    package let description: String

    private static let key = DispatchSpecificKey<ObjectIdentifier>()

    /// Makes a separate lane; a server makes its own lanes.
    package init(label: String) {
        description = label
        queue = DispatchQueue(label: label)
        queue.setSpecific(key: Lane.key, value: ObjectIdentifier(self))
    }

    /// Whether the caller runs on this lane's queue.
    package var isCurrent: Bool {
        DispatchQueue.getSpecific(key: Lane.key) == ObjectIdentifier(self)
    }

    /// Runs the work at once when the caller is on the lane, otherwise later on it.
    package func run(_ work: @escaping @Sendable () -> Void) {
        if isCurrent {
            work()
        } else {
            queue.async(execute: work)
        }
    }

    /// Puts a task's next step on the queue.
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async {
            job.runSynchronously(on: self.asUnownedTaskExecutor())
        }
    }
}
