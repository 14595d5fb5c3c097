internal import Core
internal import Postgres
internal import Synchronization

/// Marks hours of components whose samples are to be rolled up, in the transaction that stores the samples.
///
/// Rows are the same with and without its memory: it only leaves out marks that are there. Any thread; one loader uses it.
final class RollupMarks: Sendable {
    /// An hour of a component.
    struct Hour: Hashable, Sendable {
        let runtimeID: Int64
        let hour: Timestamp
    }

    private struct Guarded {
        var known: Set<Hour> = []
        /// Of the batch that is not committed yet.
        var pending: Set<Hour> = []
    }

    /// How many hours are remembered; beyond, all are forgotten and marked again.
    private static let most = 100_000
    private static let mark = Statement(
        "mark hours for rollups",
        """
        INSERT INTO rollup_due AS d (runtime_id, hour, received_at)
        SELECT n.runtime_id, n.hour, n.received_at
        FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[]) AS n (runtime_id, hour, received_at)
        ORDER BY n.runtime_id, n.hour
        -- The version tells a job that rolls the hour up meanwhile that it has not seen these samples.
        ON CONFLICT (runtime_id, hour) DO UPDATE SET
            received_at = least(excluded.received_at, d.received_at),
            version = d.version + 1
        """
    )

    private let clock: @Sendable () -> Timestamp
    // Guards both sets.
    private let guarded = Mutex(Guarded())

    init(clock: @escaping @Sendable () -> Timestamp = { .now() }) {
        self.clock = clock
    }

    /// Starts a batch: forgets what the last one, which may have failed, left.
    func begin() {
        guarded.withLock { $0.pending = [] }
    }

    /// Marks the hours of samples that the batch has stored.
    func mark(_ spans: [StoredSpan], on connection: Connection) throws {
        let hours = missing(in: spans)
        guard !hours.isEmpty else { return }
        let rows = Array(hours)
        try connection.execute(
            Self.mark,
            [
                .int64Array(rows.map(\.key.runtimeID)), .timestampArray(rows.map(\.key.hour)),
                .timestampArray(rows.map(\.value)),
            ]
        )
        guarded.withLock { $0.pending.formUnion(rows.map(\.key)) }
    }

    /// Keeps the marks of the batch, which is committed.
    func commit() {
        let now = clock()
        guarded.withLock { guarded in
            if guarded.known.count + guarded.pending.count > Self.most { guarded.known = [] }
            guarded.known.formUnion(guarded.pending.filter { Self.isOpen($0.hour, at: now) })
            guarded.pending = []
        }
    }

    // MARK: - Hours

    /// The hours that need a mark, each with its earliest arrival.
    private func missing(in spans: [StoredSpan]) -> [Hour: Timestamp] {
        let now = clock()
        var hours: [Hour: Timestamp] = [:]
        guarded.withLock { guarded in
            for span in spans {
                for hour in Self.hours(of: span) {
                    let key = Hour(runtimeID: span.runtimeID, hour: hour)
                    if Self.isOpen(hour, at: now), guarded.known.contains(key) { continue }
                    hours[key] = min(hours[key] ?? span.receivedAt, span.receivedAt)
                }
            }
        }
        return hours
    }

    /// The hours that a row's samples are in, and the next one: its increases count from them.
    private static func hours(of span: StoredSpan) -> [Timestamp] {
        var hours = [span.first.startOfHour]
        while let hour = hours.last, hour <= span.last, hour.adding(seconds: 3600) < .latest {
            hours.append(hour.adding(seconds: 3600))
        }
        return hours
    }

    /// Marks of an open hour stay: they are consumed some minutes after its end.
    private static func isOpen(_ hour: Timestamp, at now: Timestamp) -> Bool {
        hour.adding(seconds: 3600) > now
    }
}
