/// The state of a connection: how far its request is read and its response is written.
///
/// A value without socket, clock or queue: its methods are named after events and return actions.
struct ConnectionState {
    /// How far the request has been read.
    enum Input: Equatable {
        /// Nothing of a request has been seen. → `head`, `body`, `over`
        case idle
        /// Part of a head has been seen. → `body`, `over`
        case head
        /// The body is being read, possibly an empty one. → `complete`, `discarding`, `over`
        case body
        /// The response was given before the body's end; the rest is read and dropped. → `idle`, `over`
        case discarding
        /// The request has arrived. → `idle`, `over`
        case complete
        /// No further request is read. Final.
        case over
    }

    /// How far the response has been written.
    enum Output: Equatable {
        /// No response is due. → `owed`
        case none
        /// The handler has been called. → `streaming`, `none`
        case owed
        /// The head of the response is sent, its body is being produced. → `none`
        case streaming
    }

    /// Why reading is held although more of the request is to come.
    enum Hold: Equatable {
        /// The budget of all bodies is used up.
        case budget
        /// The handler does not take the body as fast as it arrives.
        case window
        /// Other connections get their turn before more of the body is decoded.
        case decoding
        /// Other connections get their turn before the next request.
        case turn
    }

    /// What to do next.
    enum Next: Equatable {
        case wait
        /// The next request may be read.
        case nextRequest
        /// Write pending output, then close; `lingering` says that the client has not ended its side.
        case close(lingering: Bool)
        /// The request was cut in two: no response is possible.
        case abort
    }

    private(set) var input = Input.idle
    private(set) var output = Output.none
    private(set) var hold: Hold?
    /// Counts requests, so that a late response is recognised by its number.
    private(set) var number: UInt64 = 0
    /// Whether the client has ended its sending direction.
    private(set) var hasPeerEnded = false
    private(set) var closesAfterAnswer = false

    /// Whether bytes of a request may be parsed now.
    var acceptsInput: Bool {
        switch input {
        case .idle, .head, .body, .discarding: hold == nil
        case .complete, .over: false
        }
    }

    /// Whether the response with this number is still due.
    func owesAnswer(_ number: UInt64) -> Bool {
        output == .owed && self.number == number
    }

    /// The first bytes of a head have arrived.
    mutating func headBegan() {
        input = .head
    }

    mutating func headEnded() {
        input = .body
        output = .owed
        number &+= 1
    }

    mutating func bodyEnded() -> Next {
        guard input == .discarding else {
            input = .complete
            return .wait
        }
        input = .idle
        return closesAfterAnswer ? close() : .nextRequest
    }

    mutating func held(_ reason: Hold) {
        hold = reason
    }

    mutating func holdEnded() {
        hold = nil
    }

    /// The current response is the last one.
    mutating func answerIsLast() {
        closesAfterAnswer = true
    }

    mutating func answerStreams() {
        output = .streaming
    }

    mutating func answerEnded() -> Next {
        output = .none
        hold = nil
        if closesAfterAnswer { return close() }
        guard input == .complete else {
            input = .discarding
            return .wait
        }
        input = .idle
        return .nextRequest
    }

    /// The client has ended its sending direction; it may still wait for responses.
    mutating func peerEnded() -> Next {
        hasPeerEnded = true
        switch input {
        case .idle, .discarding: return close()
        case .head, .body: return .abort
        case .complete: return .wait
        case .over: return .close(lingering: false)
        }
    }

    /// The socket is gone.
    mutating func connectionEnded() {
        input = .over
        output = .none
        hold = nil
    }

    /// A client may send more than a whole request, too: one byte that is never read, and closing becomes a reset.
    private mutating func close() -> Next {
        input = .over
        return .close(lingering: !hasPeerEnded)
    }
}
