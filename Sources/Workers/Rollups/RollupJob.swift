internal import Core
internal import Ingest
internal import Metrics
internal import Postgres
internal import Synchronization

/// Rolls up hours that have ended, a portion at a time. Contract noetl §7.5.
struct RollupJob: Sendable {
    /// How long rows of each grain are kept; zero is for ever. Older hours get none.
    struct Keep: Sendable {
        var minutes = Duration.zero
        var fiveMinutes = Duration.zero
    }

    /// How long after its end an hour is rolled up: most late samples have arrived by then.
    static let patience = Duration.seconds(300)
    private static let interval = Duration.seconds(20)
    /// How long it works at a time: other jobs wait meanwhile.
    private static let turn = Duration.seconds(5)

    let keep: Keep
    /// Counts buckets that stayed as they were because retention has dropped some of their samples.
    var refused: Counter?
    /// How many hours of components one transaction rolls up.
    var portion = 32
    private let share = Share()
    private let minutes = DayPartitions(table: "rollup_minute")
    private let fiveMinutes = DayPartitions(table: "rollup_five_minutes")

    init(keep: Keep, refused: Counter? = nil) {
        self.keep = keep
        self.refused = refused
    }

    var job: MaintenanceJob {
        MaintenanceJob("workers.rollups", every: Self.interval) { connection, now in
            let end = ContinuousClock.now + Self.turn
            while try rollUp(at: now, on: connection), ContinuousClock.now < end {}
        }
    }

    /// Rolls a portion up.
    ///
    /// - Returns: whether there may be more.
    func rollUp(at now: Timestamp, on connection: Connection) throws -> Bool {
        let end = min(now - Self.patience, try RollupStore.oldestWriter(on: connection) ?? .latest)
        do {
            let isMore =
                try rollUpHours(before: end, at: now, on: connection)
                || rollUpDays(before: end, on: connection)
            share.grow()
            return isMore
        } catch let error as PostgresError where error.kind == .cancelled && share.of(portion) > 1 {
            // One hour of one component has the time that it needs.
            share.shrink()
            return true
        }
    }

    private func rollUpHours(before end: Timestamp, at now: Timestamp, on connection: Connection) throws
        -> Bool
    {
        let count = share.of(portion)
        let hours = try RollupStore.dueHours(before: end, atMost: count, on: connection)
        guard !hours.isEmpty else { return false }
        let minutesFrom = keep.minutes > .zero ? (now - keep.minutes).startOfDay : .earliest
        let fiveMinutesFrom = keep.fiveMinutes > .zero ? (now - keep.fiveMinutes).startOfDay : .earliest
        // Outside of the transaction.
        try minutes.ensure(hours.filter { $0 >= minutesFrom }, on: connection)
        try fiveMinutes.ensure(hours.filter { $0 >= fiveMinutesFrom }, on: connection)
        return try connection.transaction {
            let due = try RollupStore.marks(of: hours, atMost: count, on: connection)
            guard !due.isEmpty else { return false }
            try allowTime(on: connection)
            let refused = try RollupStore.rollUp(
                due,
                minutesFrom: minutesFrom,
                fiveMinutesFrom: fiveMinutesFrom,
                at: now,
                on: connection
            )
            self.refused?.increment(by: refused)
            // Last: a loader that marks such an hour does not wait for all of this.
            return try RollupStore.removeMarks(due, on: connection) > 0
        }
    }

    private func rollUpDays(before end: Timestamp, on connection: Connection) throws -> Bool {
        try connection.transaction {
            let due = try RollupStore.takeDays(before: end, atMost: share.of(portion), on: connection)
            guard !due.isEmpty else { return false }
            try allowTime(on: connection)
            let refused = try RollupStore.rollUpDays(due, on: connection)
            self.refused?.increment(by: refused)
            return true
        }
    }

    /// An hour of a large component may take longer than a request.
    private func allowTime(on connection: Connection) throws {
        let milliseconds = share.of(portion) > 1 ? "600000" : "0"
        try connection.execute("SELECT set_config('statement_timeout', $1, true)", [.text(milliseconds)])
    }

    /// How much of a portion is rolled up at once: less after it took too long. Any thread.
    private final class Share: Sendable {
        // Guards by what a portion is divided.
        private let divisor = Mutex(1)

        func of(_ portion: Int) -> Int { divisor.withLock { max(portion / $0, 1) } }

        func shrink() { divisor.withLock { $0 = min($0 * 4, 1 << 20) } }

        func grow() { divisor.withLock { $0 = max($0 / 2, 1) } }
    }
}
