internal import HTTP

/// Collecting the body of a request, or passing it on.
extension ClientConnection {
    /// A piece has arrived.
    func bodyArrived(_ bytes: UnsafeRawBufferPointer) {
        active?.receivedBytes += bytes.count
        active?.receivedInWindow += bytes.count
        take(bytes)
    }

    /// Continues with a body that was held back: first with the bytes that have arrived.
    func resumeBody() {
        if let bytes = active?.undecoded { bytes.withUnsafeBytes { take($0) } }
        guard state.hold == nil else { return }
        startBodyWindow()
        resumeInput()
    }

    private func take(_ bytes: UnsafeRawBufferPointer) {
        guard let sink = active?.sink else { return }
        if case .drop = sink { return }
        do {
            try active?.collect(bytes)
        } catch {
            refuse(.request(error))
            return
        }
        if case .stream = sink { pass() } else { reserveForGrowth() }
        if active?.undecoded != nil, state.hold == nil { giveWay(.decoding) { $0.resumeBody() } }
    }

    /// Holds the connection until others on its lane had their turn.
    func giveWay(_ reason: ConnectionState.Hold, then goOn: @escaping @Sendable (ClientConnection) -> Void) {
        state.held(reason)
        inputDeadline = .max
        let number = state.number
        home.doLater {
            guard self.state.number == number, self.state.hold == reason else { return }
            self.state.holdEnded()
            goOn(self)
        }
    }

    /// The body is complete.
    func bodyEnded(_ trailers: HeaderFields) {
        do {
            try active?.decoder?.finish()
        } catch {
            refuse(.request(error))
            return
        }
        inputDeadline = .max
        let next = state.bodyEnded()
        if next != .wait {
            active = nil
            follow(next)
        } else {
            deliver(trailers)
        }
    }

    private func deliver(_ trailers: HeaderFields) {
        guard let request = active else { return }
        switch request.sink {
        case .drop: break
        case .stream: request.body?.finish(trailers: trailers)
        case .collect(let handle):
            let body = active?.collected ?? []
            active?.collected = []
            active?.sink = .drop
            handlerDeadline = monotonicNow() &+ context.times.handler
            handle(request.request(info: info, body: body, trailers: trailers), makeExchange())
        }
    }

    func makeExchange() -> Exchange {
        Exchange(connection: self, number: state.number)
    }
}
