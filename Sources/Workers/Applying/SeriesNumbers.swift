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

    /// What is known, for a look at many series.
    struct Table: Sendable {
        fileprivate var known: [UUID128: Known] = [:]
        /// Of the batch that is not committed yet.
        fileprivate var pending: [UUID128: Known] = [:]
        /// Series of remote-write in this batch that do not know their numbers yet.
        fileprivate var unnumbered: [SeriesIdentity] = []

        subscript(key: UUID128) -> Known? {
            if !pending.isEmpty, let new = pending[key] { return new }
            return known[key]
        }

        /// The number of a series of remote-write that the batch has stored for a component.
        func number(of series: SeriesIdentity, of runtimeID: Int64) -> Int32 {
            series.known(of: runtimeID)?.number ?? number(of: series.key)
        }

        /// The number of a series that the batch has stored.
        func number(of key: UUID128) -> Int32 {
            guard let known = self[key] else { preconditionFailure("BUG: a series without a number") }
            return known.number
        }
    }

    /// How many series are remembered; beyond, all are forgotten and asked for again.
    private static let most = 500_000
    // Guards both tables.
    private let guarded = Mutex(Table())

    /// Looks at what is known.
    func read<Result>(_ body: (Table) throws -> Result) rethrows -> Result {
        try guarded.withLock { try body($0) }
    }

    /// Starts a batch: forgets what the last one, which may have failed, left.
    func begin() {
        guarded.withLock { guarded in
            guarded.pending = [:]
            guarded.unnumbered = []
        }
    }

    /// Adds series whose rows the batch has written.
    func add(_ series: [UUID128: Known]) {
        guarded.withLock { $0.pending.merge(series) { $1 } }
    }

    /// Tells series their numbers as soon as the batch is committed.
    func number(_ series: [SeriesIdentity]) {
        guarded.withLock { $0.unnumbered += series }
    }

    /// Keeps the series of the batch, which is committed.
    func commit() {
        guarded.withLock { guarded in
            for series in guarded.unnumbered {
                if let known = guarded[series.key] { series.learn(known) }
            }
            // They know their numbers themselves from now on.
            for series in guarded.unnumbered { guarded.pending[series.key] = nil }
            guarded.unnumbered = []
            if guarded.known.count + guarded.pending.count > Self.most { guarded.known = [:] }
            guarded.known.merge(guarded.pending) { $1 }
            guarded.pending = [:]
        }
    }
}
