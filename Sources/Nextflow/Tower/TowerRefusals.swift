internal import Core
internal import Synchronization

/// The calls that the journal could not take: the client sends them again, ten times within 165 seconds, and ends the
/// user's run after the last one. Contract nextflow §10 (2), (3). Any thread.
final class TowerRefusals: Sendable {
    /// For how long a call is refused so that it comes again.
    private static let patience = Duration.seconds(60)
    private static let most = 10_000

    // Guards when each call was refused first, by its digest.
    private let first = Mutex<[UUID128: ContinuousClock.Instant]>([:])

    /// Whether a call shall come again. It shall not once it has come for a minute: then its run matters more.
    func shallComeAgain(_ call: UUID128, now: ContinuousClock.Instant = .now) -> Bool {
        first.withLock { first in
            if let since = first[call] { return now - since < Self.patience }
            // Calls that never came again.
            if first.count >= Self.most { first = first.filter { now - $0.value < Self.patience * 10 } }
            if first.count < Self.most { first[call] = now }
            return true
        }
    }
}
