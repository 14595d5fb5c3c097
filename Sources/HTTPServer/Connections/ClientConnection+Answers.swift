internal import HTTP
internal import Logging

/// Responses.
extension ClientConnection {
    /// A handler's response; false when it comes too late.
    func deliver(_ response: Response, number: UInt64) -> Bool {
        home.assertCurrent()
        guard state.owesAnswer(number) else { return false }
        answer(response)
        return true
    }

    /// The handler released its exchange.
    func exchangeEnded(number: UInt64) {
        guard state.owesAnswer(number) else { return }
        context.logger.error("BUG: a handler gave up its exchange without an answer", metadata: logMetadata)
        refuse(.unanswered)
    }

    /// The handler continues in a task and gets more time.
    func handlerContinues(in task: Task<Void, Never>, number: UInt64) {
        guard state.owesAnswer(number) else {
            task.cancel()
            return
        }
        active?.task = task
        handlerDeadline = monotonicNow() &+ context.times.asyncHandler
    }

    /// The server's own response, after which the connection ends.
    func refuse(_ fault: Fault) {
        context.observer.requestRefused(reason: fault.reason)
        // A response that has begun can't be taken back, and the client would read a second one as the next request's.
        guard state.output != .streaming, state.input != .discarding else {
            abort()
            return
        }
        state.answerIsLast()
        active?.body?.fail(.refused(fault))
        active?.task?.cancel()
        var response = context.application.response(to: fault, head: active?.head)
        if fault.status == .serviceUnavailable { response.fields.set("Retry-After", "1") }
        answer(response)
    }

    /// Writes a response, or begins to.
    func answer(_ response: Response) {
        guard hold(response) else { return refuse(.answersHeld) }
        var response = response
        if let id = active?.id, !response.fields.contains("X-Request-Id") {
            response.fields.append("X-Request-Id", id)
        }
        context.application.finish(&response, answering: active?.head)
        if response.isEndless { state.answerIsLast() }
        var encoder = ResponseEncoder(
            answering: active?.head,
            keepAlive: mayKeepAlive,
            keepAliveTimeoutSeconds: context.configuration.announcedKeepAliveSeconds
        )
        if outbound.isBare { outbound.bytes = home.lendBuffer() }
        let before = outbound.count
        let outcome = encoder.start(response, date: home.date(), into: &outbound.bytes)
        active?.status = response.status
        active?.sentBytes += outbound.count - before
        handlerDeadline = .max
        if !encoder.keepsAlive { state.answerIsLast() }
        switch outcome {
        case .complete:
            finishAnswer()
        case .stream(let stream):
            state.answerStreams()
            active?.encoder = encoder
            active?.isEndless = response.isEndless
            flush()
            send(stream)
            if context.isDraining { endEndlessStream() }
        }
    }

    /// The whole response is in the buffer.
    func finishAnswer() {
        let next = state.answerEnded()
        if var request = active.take() {
            context.budget.release(request.reserved)
            report(&request)
            request.reserved = 0
            request.sink = .drop
            request.undecoded = nil
            request.body = nil
            if next == .wait { active = request }
        }
        flush()
        if next == .wait, !channel.isClosed {
            startBodyWindow()
            resumeInput()
        }
        follow(next)
    }

    /// Performs the action that the state returned.
    func follow(_ next: ConnectionState.Next) {
        guard !channel.isClosed else { return }
        switch next {
        case .wait: break
        case .nextRequest:
            inputDeadline = monotonicNow() &+ context.times.idle
            resumeInput()
        case .close(let lingering):
            inputDeadline = .max
            leftover = []
            ending = lingering ? .linger : .close
            flush()
        case .abort: close()
        }
    }

    private var mayKeepAlive: Bool {
        guard let request = active, !context.isDraining, !state.closesAfterAnswer else { return false }
        return state.input == .complete
            || request.isDrainable(upTo: context.configuration.drainableBodyBytes)
    }
}
