internal import Core
internal import Synchronization

/// The numbers of series in PostgreSQL, so that a batch asks only for new ones. Any thread; one loader uses it.
final class SeriesNumbers: Sendable {
    /// A known series.
    struct Known: Sendable {
        let number: Int32
        /// The component that PostgreSQL has for it; another one when somebody deleted the component.
        let runtimeID: Int64
        /// Tells descriptions apart.
        let description: Int
    }

    private struct Guarded {
        var known: [UUID128: Known] = [:]
        /// Of the batch that is not committed yet.
        var pending: [UUID128: Known] = [:]
    }

    /// How many series are remembered; beyond, all are forgotten and asked for again.
    private static let most = 500_000
    // Guards both tables.
    private let guarded = Mutex(Guarded())

    subscript(key: UUID128) -> Known? {
        guarded.withLock { $0.pending[key] ?? $0.known[key] }
    }

    /// Starts a batch: forgets what the last one, which may have failed, left.
    func begin() {
        guarded.withLock { $0.pending = [:] }
    }

    /// Adds series whose rows the batch has written.
    func add(_ series: [UUID128: Known]) {
        guarded.withLock { $0.pending.merge(series) { $1 } }
    }

    /// Keeps the series of the batch, which is committed.
    func commit() {
        guarded.withLock { guarded in
            if guarded.known.count + guarded.pending.count > Self.most { guarded.known = [:] }
            guarded.known.merge(guarded.pending) { $1 }
            guarded.pending = [:]
        }
    }
}
