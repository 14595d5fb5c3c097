package import HTTP
internal import Synchronization

/// A request body that is read while it arrives; without a reader, nothing is read from the socket.
///
/// Iterate once. Pieces are as large as what has arrived, up to the window.
package struct RequestBodyStream: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = RequestBodyError

    let channel: BodyChannel

    /// The fields after a chunked body; empty before the end.
    package var trailers: HeaderFields { channel.trailers }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(channel: channel) }

    /// Iterates over the pieces.
    package struct AsyncIterator: AsyncIteratorProtocol {
        let channel: BodyChannel

        /// The next piece, or nil at the end of the body.
        package mutating func next() async throws(RequestBodyError) -> [UInt8]? {
            try await channel.next()
        }

        /// The next piece, or nil at the end of the body; resumes on the caller's isolation.
        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(RequestBodyError) -> [UInt8]? {
            try await channel.next()
        }
    }
}

/// Why a streamed request body ended early.
package enum RequestBodyError: Error, Hashable, Sendable {
    /// The client went away, or the server is being stopped.
    case disconnected
    /// The body breaks a rule or a limit, or came too slowly; the server has answered or will close.
    case refused(Fault)
    /// The reading task was cancelled.
    case cancelled
}

/// The channel of a body's pieces from the lane to a handler on any thread.
final class BodyChannel: Sendable {
    private enum End {
        case open
        case finished
        case failed(RequestBodyError)
    }

    private struct State {
        var bytes: [UInt8] = []
        var trailers = HeaderFields()
        var end = End.open
        var isProducerHeld = false
        var reader: CheckedContinuation<Void, Never>?
    }

    private enum Step {
        case give([UInt8]?, resumesProducer: Bool)
        case fail(RequestBodyError)
        case wait
    }

    private let window: Int
    private let state = Mutex(State())
    private let resumeProducer: @Sendable () -> Void

    /// `resumeProducer` is called on any thread, once for each `push` that returned false.
    init(window: Int, resumeProducer: @escaping @Sendable () -> Void) {
        self.window = window
        self.resumeProducer = resumeProducer
    }

    var trailers: HeaderFields { state.withLock { $0.trailers } }

    /// Adds bytes; false says that the window is full.
    func push(_ bytes: [UInt8]) -> Bool {
        let (reader, hasRoom) = state.withLock { state -> (CheckedContinuation<Void, Never>?, Bool) in
            guard case .open = state.end else { return (nil, true) }
            state.bytes += bytes
            state.isProducerHeld = state.bytes.count >= window
            return (state.reader.take(), !state.isProducerHeld)
        }
        reader?.resume()
        return hasRoom
    }

    /// The body is complete.
    func finish(trailers: HeaderFields) {
        end(.finished, trailers: trailers)
    }

    /// The body ends early; unread bytes are dropped. Without effect after the end.
    func fail(_ error: RequestBodyError) {
        end(.failed(error), trailers: HeaderFields())
    }

    func next() async throws(RequestBodyError) -> [UInt8]? {
        while true {
            switch state.withLock({ BodyChannel.step(&$0) }) {
            case .give(let bytes, let resumesProducer):
                if resumesProducer { resumeProducer() }
                return bytes
            case .fail(let error):
                throw error
            case .wait:
                await waitForNews()
            }
        }
    }

    private func waitForNews() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isLate = state.withLock { state in
                    guard case .open = state.end, state.bytes.isEmpty else { return true }
                    state.reader = continuation
                    return false
                }
                if isLate { continuation.resume() }
            }
        } onCancel: {
            fail(.cancelled)
        }
    }

    private func end(_ end: End, trailers: HeaderFields) {
        let reader = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard case .open = state.end else { return nil }
            state.end = end
            state.trailers = trailers
            return state.reader.take()
        }
        reader?.resume()
    }

    private static func step(_ state: inout State) -> Step {
        if case .failed(let error) = state.end { return .fail(error) }
        if !state.bytes.isEmpty {
            let bytes = state.bytes
            state.bytes = []
            let wasHeld = state.isProducerHeld
            state.isProducerHeld = false
            return .give(bytes, resumesProducer: wasHeld)
        }
        if case .finished = state.end { return .give(nil, resumesProducer: false) }
        return .wait
    }
}
