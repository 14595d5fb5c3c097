import Dispatch

/// A value that only one serial queue touches, wherever its reference is passed.
final class QueueConfined<Value>: @unchecked Sendable {  // safe: every access asserts that it runs on `queue`
    let queue: DispatchQueue
    private var value: Value

    init(_ value: sending Value, on queue: DispatchQueue) {
        self.queue = queue
        self.value = value
    }

    func withValue<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        dispatchPrecondition(condition: .onQueue(queue))
        return try body(&value)
    }
}
