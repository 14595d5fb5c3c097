internal import Logging

/// Deadlines; the lane's timer checks them.
extension ClientConnection {
    /// Whether any deadline has passed.
    func isDue(at now: UInt64) -> Bool {
        inputDeadline <= now || handlerDeadline <= now || writeDeadline <= now
    }

    func deadlinePassed(at now: UInt64) {
        home.assertCurrent()
        if writeDeadline <= now {
            context.observer.requestRefused(reason: "slow_reader")
            abort()
        } else if handlerDeadline <= now {
            handlerDeadline = .max
            context.logger.warning("handler did not respond in time", metadata: logMetadata)
            refuse(.handlerDeadline)
        } else if inputDeadline <= now {
            inputDeadlinePassed(at: now)
        }
    }

    /// Gives the client a new window for the next bytes of a body.
    func startBodyWindow() {
        guard state.input == .body || state.input == .discarding else { return }
        active?.receivedInWindow = 0
        inputDeadline = monotonicNow() &+ context.times.bodyWindow
    }

    private func inputDeadlinePassed(at now: UInt64) {
        inputDeadline = .max
        switch state.input {
        case .idle where outbound.isEmpty: close()
        case .idle: inputDeadline = now &+ context.times.idle
        case .head: refuse(.slowHead)
        case .body where hasProgressed: startBodyWindow()
        case .body: refuse(.slowBody)
        case .discarding, .over: close()
        case .complete: break
        }
    }

    /// While others wait for the budget, a large holder must receive an eighth of its share in each window: otherwise a
    /// few clients could block all others for hours with a few bytes a second.
    private var hasProgressed: Bool {
        guard let request = active else { return false }
        let minimum = context.configuration.timeouts.minimumBodyBytes
        let isContended = context.budget.waiting > 0
        return request.receivedInWindow >= (isContended ? max(minimum, request.reserved / 8) : minimum)
    }
}
