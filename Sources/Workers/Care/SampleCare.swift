internal import Core
internal import Ingest
internal import Metrics
internal import Postgres
internal import Synchronization

/// Jobs and gauges that look after stored samples. Contract noetl §3.2, §7.2.
struct SampleCare: Sendable {
    /// How long samples are kept that have no lifetime of their own.
    let keep: Duration
    /// Beyond this the oldest days go early; 0 is no limit.
    let mostBytes: Int64
    private let partitions = DayPartitions(table: "sample_block")
    private let place = Place()

    init(keep: Duration, mostBytes: Int64) {
        self.keep = keep
        self.mostBytes = mostBytes
    }

    var jobs: [MaintenanceJob] {
        [
            MaintenanceJob("workers.lifetimes", every: .seconds(300)) { connection, now in
                try SampleCareStore.publish(keep: keep, on: connection)
                try removeExpired(at: now, on: connection)
            },
            MaintenanceJob("workers.samples.size", every: .seconds(300)) { connection, now in
                try dropOversize(at: now, on: connection)
            },
        ]
    }

    /// How long it removes expired samples at a time.
    private static let turn = Duration.seconds(10)

    /// Removes samples that have expired from days that stay because others have not, an hour of arrivals at a time. Days
    /// with samples that are not rolled up wait: after a pause of Weir, or in a replay, everything has expired by then.
    func removeExpired(at now: Timestamp, on connection: Connection) throws {
        let deadline = ContinuousClock.now + Self.turn
        let first = try SampleCareStore.firstKeptDay(now - keep, on: connection)
        let toRollUp = try SampleCareStore.firstDayToRollUp(at: now, on: connection)?.startOfDay ?? .latest
        for day in try SampleCareStore.daysToSweep(keep: keep, at: now, on: connection)
        where day >= first && day < toRollUp {
            for hour in place.hour(of: day)..<24 {
                guard ContinuousClock.now < deadline else { return place.keep(day, hour) }
                _ = try SampleCareStore.removeExpired(
                    from: day.adding(seconds: hour * 3600),
                    to: day.adding(seconds: (hour + 1) * 3600),
                    keep: keep,
                    at: now,
                    on: connection
                )
            }
            place.forget()
            try SampleCareStore.swept(day, at: now, on: connection)
        }
    }

    /// Drops the oldest days that are over and rolled up, until the rest is small enough.
    func dropOversize(at now: Timestamp, on connection: Connection) throws {
        guard mostBytes > 0 else { return }
        while try SampleCareStore.storageBytes(on: connection) > mostBytes {
            let rolledUp = try SampleCareStore.firstDayToRollUp(at: now, on: connection) ?? now
            let end = min(now.startOfDay, rolledUp.startOfDay)
            let count = try partitions.drop(before: end, atMost: 1, on: connection)
            guard count > 0 else { return }
            try SampleCareStore.dropped(count, before: end, on: connection)
        }
    }

    static let gauges = GaugeSource { connection in
        var snapshot = MetricsSnapshot()
        snapshot.gauge(
            "weir_samples_storage_bytes",
            help: "What stored samples and their indexes take on disk.",
            Double(try SampleCareStore.storageBytes(on: connection))
        )
        let rows = try connection.execute(
            """
            SELECT
                coalesce((SELECT sum(samples) FROM sample_count), 0)::float8 AS samples,
                (SELECT dropped_days FROM sample_care)::float8 AS dropped_days,
                (SELECT count(*) FROM rollup_due WHERE hour < now() - interval '65 minutes')::float8 AS due
            """
        )
        snapshot.gauge("weir_samples_stored", help: "Stored samples.", try rows[0].double("samples"))
        snapshot.counter(
            "weir_samples_dropped_days_total",
            help: "Days of samples that retention has dropped since the database was made.",
            try rows[0].double("dropped_days")
        )
        snapshot.gauge(
            "weir_rollups_due_hours",
            help: "Hours of components that have ended and are not rolled up yet.",
            try rows[0].double("due")
        )
        return snapshot
    }
}

extension SampleCare {
    /// Where the last turn ended, so that the next one goes on. Any thread.
    private final class Place: Sendable {
        // Guards the place.
        private let last = Mutex<(day: Timestamp, hour: Int)?>(nil)

        func hour(of day: Timestamp) -> Int {
            last.withLock { $0.flatMap { $0.day == day ? $0.hour : nil } ?? 0 }
        }

        func keep(_ day: Timestamp, _ hour: Int) { last.withLock { $0 = (day, hour) } }

        func forget() { last.withLock { $0 = nil } }
    }
}
