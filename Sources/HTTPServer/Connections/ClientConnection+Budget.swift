internal import Dispatch
internal import HTTP

/// Waiting for the budget of all bodies.
extension ClientConnection {
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

    /// Raises the reservation of a body that grows beyond the announced length.
    func reserveForGrowth() {
        guard let bytes = active?.reservationForGrowth, bytes > 0 else { return }
        _ = reserve(bytes)
    }

    /// The size from which a response counts; smaller ones are ordinary traffic.
    private static let largeAnswer = 256 << 10

    /// Counts a response until the client has read it. False for a response that its client can request again, while
    /// too many large responses and bodies are held; a write must always get its response.
    func hold(_ response: Response) -> Bool {
        guard case .bytes(let bytes) = response.body, bytes.count > ClientConnection.largeAnswer,
            let method = active?.head.method, method != .head
        else { return true }
        guard context.budget.hold(answer: bytes.count, mayWait: method == .get) else { return false }
        heldAnswerBytes += bytes.count
        return true
    }

    /// All output has been sent, or never will be.
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
