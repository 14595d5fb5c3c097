/// A response body that is made while it is sent.
///
/// Elements are pulled one at a time, after the previous one has been written to the socket: this is the backpressure.
/// An error in the middle resets the connection, since the status line has been sent already. Iterate once.
package struct ByteStream: AsyncSequence, Sendable {
    /// One piece of the body; empty ones are allowed.
    package typealias Element = [UInt8]
    /// Whatever the source throws.
    package typealias Failure = any Error

    private let makeIterator: @Sendable () -> AsyncIterator

    /// Erases the type of a sequence.
    package init<Base: AsyncSequence & Sendable>(_ base: Base) where Base.Element == [UInt8] {
        makeIterator = {
            var iterator = base.makeAsyncIterator()
            return AsyncIterator { try await iterator.next() }
        }
    }

    /// Pulls from a function until it returns nil.
    package init(pulling next: @escaping @Sendable () async throws -> [UInt8]?) {
        makeIterator = { AsyncIterator(pull: next) }
    }

    /// Begins to pull.
    package func makeAsyncIterator() -> AsyncIterator { makeIterator() }

    /// Pulls from the erased sequence.
    package struct AsyncIterator: AsyncIteratorProtocol {
        private let pull: () async throws -> [UInt8]?

        init(pull: @escaping () async throws -> [UInt8]?) {
            self.pull = pull
        }

        /// The next piece, nil at the end.
        package mutating func next() async throws -> [UInt8]? { try await pull() }
    }
}
