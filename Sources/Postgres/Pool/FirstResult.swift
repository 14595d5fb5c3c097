internal import Synchronization

/// A continuation that two callers may resume: only the first one does.
final class FirstResult<Value: Sendable>: Sendable {
    /// Guards whether it was resumed.
    private let continuation: Mutex<CheckedContinuation<Value, any Error>?>

    init(_ continuation: CheckedContinuation<Value, any Error>) {
        self.continuation = Mutex(continuation)
    }

    func settle(_ result: Result<Value, any Error>) {
        continuation.withLock { $0.take() }?.resume(with: result)
    }
}
