internal import Glibc

/// Spaces group commits out while many write at once.
///
/// A commit costs the same whether it makes four lines durable or forty. On a disk that syncs in a fifth of a
/// millisecond the writer would come back before the answers of the last commit have brought the next requests, and
/// spend the processor on small commits. A single writer never waits: its next line comes after its answer.
struct CommitPace {
    private let interval: Duration
    private var next: ContinuousClock.Instant?

    /// From so many lines on, a commit counts as one of many writers.
    private static let crowd = 4
    /// How many times longer the interval is while the readers are behind: then the processor is theirs.
    private static let factorBehind = 3

    init(interval: Duration) {
        self.interval = interval
    }

    /// A commit of so many lines begins; `isBehind` says whether readers lag far behind.
    mutating func began(lines: Int, isBehind: Bool) {
        guard lines >= Self.crowd, interval > .zero else {
            next = nil
            return
        }
        next = ContinuousClock.now + (isBehind ? interval * Self.factorBehind : interval)
    }

    /// Blocks until the next commit may begin.
    func rest() {
        guard let next else { return }
        let (seconds, attoseconds) = (next - ContinuousClock.now).components
        guard seconds >= 0, attoseconds > 0 || seconds > 0 else { return }
        var pause = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        nanosleep(&pause, nil)
    }
}
