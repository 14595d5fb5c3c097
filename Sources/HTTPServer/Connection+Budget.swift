internal import Dispatch

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
