internal import HTTP
internal import Logging

/// Bodies that are produced, or read, piece by piece.
extension ClientConnection {
    // MARK: - Responses

    /// Writes the pieces one after the other, each after the socket has taken the one before.
    func send(_ stream: ByteStream) {
        guard !channel.isClosed else { return }
        let number = state.number
        active?.task = Task(executorPreference: home.lane) {
            do {
                for try await piece in stream {
                    guard self.write(piece, number: number) else { return }
                    await self.outboundToDrain()
                }
                self.endStream(number: number)
            } catch {
                self.cutStream(error, number: number)
            }
        }
    }

    /// Tells a stream that has no end of its own to end.
    func endEndlessStream() {
        guard state.output == .streaming, let active, active.isEndless else { return }
        active.task?.cancel()
    }

    private func isStreaming(_ number: UInt64) -> Bool {
        home.assertCurrent()
        return state.output == .streaming && state.number == number
    }

    private func write(_ piece: [UInt8], number: UInt64) -> Bool {
        guard isStreaming(number) else { return false }
        if outbound.isBare { outbound.bytes = home.lendBuffer() }
        let before = outbound.count
        if piece.count >= OutboundBuffer.leastShared, let frame = active?.encoder?.frame(of: piece) {
            outbound.bytes += frame.before
            outbound.share(piece)
            outbound.bytes += frame.after
        } else {
            active?.encoder?.append(piece, into: &outbound.bytes)
        }
        active?.sentBytes += outbound.count - before
        flush()
        return !channel.isClosed
    }

    private func outboundToDrain() async {
        guard !outbound.isEmpty, !channel.isClosed else { return }
        await withCheckedContinuation { drainWaiter = $0 }
    }

    private func endStream(number: UInt64) {
        guard isStreaming(number) else { return }
        let before = outbound.count
        active?.encoder?.finish(into: &outbound.bytes)
        active?.sentBytes += outbound.count - before
        finishAnswer()
    }

    private func cutStream(_ error: any Error, number: UInt64) {
        guard isStreaming(number) else { return }
        context.logger.warning(
            "streamed response failed",
            metadata: logMetadata.merging(["error": "\(error)"]) { $1 }
        )
        abort()
    }

    // MARK: - Requests

    /// Calls a handler that reads the body itself.
    func startStream(
        _ request: ActiveRequest,
        _ handle: @Sendable (Request, RequestBodyStream, Exchange) -> Void
    ) {
        let number = state.number
        let body = BodyChannel(window: context.configuration.streamWindowBytes) {
            self.home.lane.run { self.windowOpened(number: number) }
        }
        active?.body = body
        handlerDeadline = monotonicNow() &+ context.times.asyncHandler
        handle(
            request.request(info: info, body: [], trailers: HeaderFields()),
            RequestBodyStream(channel: body),
            makeExchange()
        )
    }

    /// Passes the collected bytes to the handler.
    func pass() {
        guard let body = active?.body, let piece = active?.takeCollected() else { return }
        handlerDeadline = monotonicNow() &+ context.times.asyncHandler
        if !body.push(piece) {
            state.held(.window)
            inputDeadline = .max
        }
    }

    private func windowOpened(number: UInt64) {
        home.assertCurrent()
        guard state.number == number, state.hold == .window else { return }
        state.holdEnded()
        handlerDeadline = monotonicNow() &+ context.times.asyncHandler
        resumeBody()
    }
}
