internal import HTTP

/// Reading and parsing.
extension ClientConnection {
    /// Bytes of responses that a client may leave unread before its next request is parsed.
    private static let outboundLimit = 256 << 10
    /// Bytes that are dropped after the last response before the client is disconnected.
    ///
    /// A client that still sends when it is disconnected sees a broken pipe and never reads why its body was refused.
    private static let lingerLimit = 256 << 20

    /// Requests of one connection that are parsed before others get their turn.
    private static let requestsInTurn: UInt64 = 16

    private var canParse: Bool {
        state.acceptsInput && outbound.count < ClientConnection.outboundLimit
    }

    /// Bytes or the end of the input have arrived.
    func readable() {
        home.assertCurrent()
        guard !channel.isClosed else { return }
        let mayLinger = state.input == .over
        guard mayLinger || (canParse && leftover.isEmpty) else {
            channel.pauseReading()
            return
        }
        let buffer = home.readBuffer
        switch channel.receive(into: buffer) {
        case .bytes(let count) where mayLinger: drop(count)
        case .bytes(let count):
            parse(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            // Parsing stops at too many unread responses; the socket may have taken them all at once.
            if !leftover.isEmpty { resumeInput() }
        case .wouldBlock: break
        case .ended: peerEnded()
        case .failed: close()
        }
    }

    /// Continues after a hold: parses the bytes that are there, or reads.
    func resumeInput() {
        guard !isParsing, !channel.isClosed else { return }
        while canParse, !leftover.isEmpty || mayHaveEnded {
            let bytes = leftover
            leftover = []
            bytes.withUnsafeBytes { parse($0) }
            if leftover.isEmpty { break }
        }
        guard leftover.isEmpty, canParse else { return }
        if state.hasPeerEnded {
            follow(state.peerEnded())
        } else {
            channel.resumeReading()
        }
    }

    /// Whether the parser may owe the body's end, for which it needs no further byte.
    private var mayHaveEnded: Bool {
        state.input == .body || state.input == .discarding
    }

    private func parse(_ bytes: UnsafeRawBufferPointer) {
        isParsing = true
        var offset = 0
        let last = state.number &+ ClientConnection.requestsInTurn
        while canParse, handle(parser.next(in: bytes, at: &offset), in: bytes) {
            if state.number >= last, state.input == .idle, offset < bytes.count {
                giveWay(.turn) { $0.resumeInput() }
            }
        }
        isParsing = false
        if offset < bytes.count, state.input != .over {
            leftover = Array(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
        }
        noteHead()
        flush()
    }

    /// Returns whether to go on.
    private func handle(_ event: RequestParser.Event, in bytes: UnsafeRawBufferPointer) -> Bool {
        switch event {
        case .needMore:
            return false
        case .head(let head, let framing):
            headArrived(head, framing)
        case .body(let range):
            bodyArrived(UnsafeRawBufferPointer(rebasing: bytes[range]))
        case .complete(let trailers):
            bodyEnded(trailers)
        case .rejected(let error):
            refuse(.request(error))
        }
        return true
    }

    /// Starts the deadline at the first byte of a head, and only then.
    private func noteHead() {
        guard state.input == .idle, !parser.isBetweenRequests else { return }
        state.headBegan()
        inputDeadline = monotonicNow() &+ context.times.head
    }

    private func peerEnded() {
        follow(state.peerEnded())
        // The end would be reported again and again.
        channel.pauseReading()
    }

    private func drop(_ count: Int) {
        lingered += count
        if lingered > ClientConnection.lingerLimit { close() }
    }

    // MARK: - The head

    private func headArrived(_ head: RequestHead, _ framing: BodyFraming) {
        state.headEnded()
        inputDeadline = .max
        var request = ActiveRequest(head: head, framing: framing, id: home.identifier(for: head))
        let admission = context.application.admit(head, info)
        request.route = admission.route
        request.ownCoding = admission.ownCoding
        switch admission.decision {
        case .refuse(let response):
            active = request
            answer(response)
        case .accept(let limit, let handle):
            request.sink = .collect(handle)
            active = request
            admitBody(limit: limit)
        case .acceptStreaming(let limit, let handle):
            request.sink = .stream(handle)
            active = request
            admitBody(limit: limit)
        }
    }

    private func admitBody(limit: Int) {
        if let error = parser.limitBody(to: limit) {
            refuse(.request(error))
            return
        }
        guard let request = active, request.framing != .none else {
            bodyAdmitted()
            return
        }
        do {
            let decompressed = max(limit, context.configuration.limits.decompressedBytes)
            let decoder = try ContentDecoder.make(
                for: request.head,
                decompressedBytes: decompressed,
                leaving: request.ownCoding
            )
            active?.decoder = decoder
            // One byte above the limit may be made before the body is refused.
            active?.mostBytes = decoder == nil ? limit : decompressed + 1
        } catch {
            refuse(.request(error))
            return
        }
        let window = context.configuration.streamWindowBytes
        if reserve(request.firstReservation(window: window)) { bodyAdmitted() }
    }

    /// The budget for the body was granted: now the client may send it.
    func bodyAdmitted() {
        guard let request = active else { return }
        active?.isBodyAdmitted = true
        if request.head.expectsContinue, request.framing.announcesContent, request.receivedBytes == 0 {
            outbound.bytes += ResponseEncoder.continueResponse
            flush()
        }
        if request.framing != .none { startBodyWindow() }
        if case .stream(let handle) = request.sink { startStream(request, handle) }
    }
}
