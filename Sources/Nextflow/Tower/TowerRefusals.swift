internal import Core
internal import Synchronization

/// The calls that the journal could not take: most clients send them again, and end the user's run when that does not
/// help. Contract nextflow §5.2, §10 (1) to (3). Any thread.
final class TowerRefusals: Sendable {
    private static let most = 10_000

    /// For how long a call is refused so that it comes again. The client makes the last attempt after 165 seconds; some
    /// make five in five seconds, but only `begin` matters to their runs then. Nextflow 23.10 makes one `create`, whose
    /// run and session the next call tells again.
    private static func patience(with call: TowerCall) -> Duration {
        switch call {
        case .create: .zero
        case .begin: .seconds(3)
        case .progress, .heartbeat, .complete, .patch: .seconds(60)
        }
    }

    // Guards when each call was refused first, by its digest.
    private let first = Mutex<[UUID128: ContinuousClock.Instant]>([:])

    /// Whether a call shall come again; `body` is the digest of what it tells. It shall not once it has come for a while:
    /// then its run matters more.
    func shallComeAgain(_ call: TowerCall, _ body: UUID128, now: ContinuousClock.Instant = .now) -> Bool {
        let patience = Self.patience(with: call)
        guard patience > .zero else { return false }
        return first.withLock { first in
            if let since = first[body] { return now - since < patience }
            // Calls that never came again.
            if first.count >= Self.most { first = first.filter { now - $0.value < .seconds(600) } }
            // Of one that is not remembered nobody could say later for how long it has come.
            guard first.count < Self.most else { return false }
            first[body] = now
            return true
        }
    }
}
