internal import Synchronization

/// A continuation that two may want to resume: the first one does.
final class FirstResult<Value: Sendable>: Sendable {
    /// Guards who is the first.
    private let continuation: Mutex<CheckedContinuation<Value, any Error>?>

    init(_ continuation: CheckedContinuation<Value, any Error>) {
        self.continuation = Mutex(continuation)
    }

    func settle(_ result: Result<Value, any Error>) {
        continuation.withLock { $0.take() }?.resume(with: result)
    }
}
