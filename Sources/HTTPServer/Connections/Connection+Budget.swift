internal import Dispatch
internal import HTTP

/// Waiting for room among all bodies.
extension Connection {
    /// Reserves bytes for the request in progress; false holds reading until they are granted.
    func reserve(_ bytes: Int) -> Bool {
        guard bytes > 0, let holding = active?.reserved else { return true }
        let number = state.number
        let isGranted = context.budget.reserve(bytes, holding: holding) {
            self.home.lane.queue.async { self.granted(bytes, after: holding, number: number) }
        }
        if isGranted {
            active?.reserved += bytes
        } else {
            state.held(.budget)
            inputDeadline = .max
        }
        return isGranted
    }

    /// Keeps the reservation ahead of a body that grows beyond what was announced.
    func reserveForGrowth() {
        guard let bytes = active?.reservationForGrowth, bytes > 0 else { return }
        _ = reserve(bytes)
    }

    /// Bytes from which on an answer counts: smaller ones are those of any other traffic.
    private static let largeAnswer = 256 << 10

    /// Counts an answer until the client has taken it. False for one that its client can ask for again, while too many
    /// large answers and bodies are held: whoever has written something must learn what came of it.
    func hold(_ response: Response) -> Bool {
        guard case .bytes(let bytes) = response.body, bytes.count > Connection.largeAnswer,
            let method = active?.head.method, method != .head
        else { return true }
        guard context.budget.hold(answer: bytes.count, mayWait: method == .get) else { return false }
        heldAnswerBytes += bytes.count
        return true
    }

    /// Everything that was to be sent has gone, or never will.
    func releaseAnswers() {
        guard heldAnswerBytes > 0, state.output != .streaming else { return }
        context.budget.answerGone(heldAnswerBytes)
        heldAnswerBytes = 0
    }

    private func granted(_ bytes: Int, after holding: Int, number: UInt64) {
        home.assertCurrent()
        guard state.number == number, state.hold == .budget, let request = active else {
            context.budget.release(bytes, after: holding)
            return
        }
        active?.reserved += bytes
        state.holdEnded()
        if !request.isBodyAdmitted { bodyAdmitted() }
        resumeBody()
    }
}
