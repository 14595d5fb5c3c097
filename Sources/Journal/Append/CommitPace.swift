internal import Glibc

/// Spaces group commits out while many write at once.
///
/// A commit costs the same whether it makes four lines durable or forty. On a disk that syncs in a fifth of a
/// millisecond, the writer would commit again before clients have received the last commit's responses and sent their
/// next requests, and would spend the CPU on small commits. A single client never waits: it sends its next line after
/// the response.
struct CommitPace {
    private let interval: Duration
    private var next: ContinuousClock.Instant?

    /// From this many lines on, a commit counts as one of many writers.
    private static let crowd = 4
    /// How many times longer the interval is while the readers are behind, so that they get the CPU.
    private static let factorBehind = 3

    init(interval: Duration) {
        self.interval = interval
    }

    /// A commit of this many lines begins; `isBehind` says whether readers lag far behind.
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
