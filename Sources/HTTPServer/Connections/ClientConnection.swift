internal import HTTP

/// One client's connection, pinned to a lane: drives the parser, the state and the socket.
///
/// The extensions hold the parts: input, budget, responses, output, streams, deadlines.
final class ClientConnection: @unchecked Sendable {  // safe: variables are used on `home.lane.queue` only
    let home: LaneResources
    let context: ServerContext
    let info: ConnectionInfo
    let channel: SocketChannel

    var state = ConnectionState()
    var parser: RequestParser
    /// The request in progress.
    var active: ActiveRequest?
    /// Bytes after the request in progress; at most one read's worth.
    var leftover: [UInt8] = []
    var outbound = OutboundBuffer()
    /// Whether a caller is parsing bytes, so that responses wait and are sent together.
    var isParsing = false
    /// Set when the last response is in `outbound`: what to do after it is sent.
    var ending: Ending?
    /// The deadline for progress in reading, in monotonic nanoseconds.
    var inputDeadline = UInt64.max
    /// The deadline of the handler.
    var handlerDeadline = UInt64.max
    /// The deadline for progress in writing.
    var writeDeadline = UInt64.max
    /// Resumed when the socket has taken everything.
    var drainWaiter: CheckedContinuation<Void, Never>?
    /// Bytes of large responses that count in the budget.
    var heldAnswerBytes = 0
    /// Bytes that arrived after the last response and were dropped.
    var lingered = 0

    /// How a connection ends after its last response is sent.
    enum Ending {
        case close
        /// End our side, then wait for the client's end: closing with unread bytes would send a reset, which may
        /// overtake the response (RFC 9112 §9.6).
        case linger
        case lingering
    }

    /// Takes a connected socket; `open` must follow, on the lane.
    init(_ socket: consuming Socket, info: ConnectionInfo, home: LaneResources) {
        self.home = home
        self.info = info
        context = home.context
        parser = RequestParser(limits: home.context.configuration.limits)
        channel = SocketChannel(socket, poller: home.poller)
    }

    /// Begins to read.
    func open() {
        home.assertCurrent()
        home.add(self, descriptor: channel.descriptor)
        context.observer.connectionOpened()
        inputDeadline = monotonicNow() &+ context.times.head
        if home.isStopped || !channel.open() { close() }
    }

    /// Responds with a refusal instead of serving.
    func openToRefuse(_ fault: Fault) {
        open()
        refuse(fault)
    }

    /// Ends the connection unless a request is in progress, which then is the last one.
    func drain() {
        home.assertCurrent()
        endEndlessStream()
        if state.input == .idle, outbound.isEmpty { close() }
    }

    /// Ends the connection at once; unsent bytes are lost.
    func close() {
        home.assertCurrent()
        guard !channel.isClosed else { return }
        inputDeadline = .max
        handlerDeadline = .max
        writeDeadline = .max
        home.remove(descriptor: channel.descriptor)
        channel.close()
        state.connectionEnded()
        releaseAnswers()
        leftover = []
        drainWaiter.take()?.resume()
        abandonRequest()
        context.census.leave()
        context.observer.connectionClosed()
    }

    /// The poller reports events of the socket.
    func ready(_ readiness: Poller.Readiness) {
        if readiness.isWritable { writable() }
        if readiness.isReadable, channel.isReading {
            readable()
        } else if readiness.isDead {
            // No client is left to read a response, and the event would be reported again and again.
            close()
        }
    }

    /// Ends the connection with a reset, so that the client can't mistake a truncated response for a whole one.
    func abort() {
        channel.resetOnClose()
        close()
    }

    /// The client went away, or was sent away, in the middle of a request.
    private func abandonRequest() {
        guard var request = active.take() else { return }
        // First the cause, then the cancellation: the reader gets whichever comes first.
        request.body?.fail(.disconnected)
        request.task?.cancel()
        context.budget.release(request.reserved)
        report(&request)
    }

    /// Calls the observer, once for each request.
    func report(_ request: inout ActiveRequest) {
        guard !request.isReported else { return }
        request.isReported = true
        context.observer.requestFinished(
            RequestRecord(
                head: request.head,
                route: request.route,
                status: request.status,
                duration: .nanoseconds(monotonicNow() &- request.startedAt),
                id: request.id,
                connection: info,
                requestBytes: request.receivedBytes,
                responseBytes: request.sentBytes
            )
        )
    }
}
