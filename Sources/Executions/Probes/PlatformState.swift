internal import Core
internal import Postgres

/// What the probes find when somebody asks: PostgreSQL and the TAP services, at the same time and within 1.5 seconds.
struct PlatformProbe: Sendable {
    /// Of the database.
    struct Database: Sendable {
        let counts: ExecutionCounts
        let deliveries: Int64
        let latency: Duration
    }

    /// Everything that was found.
    struct Finding: Sendable {
        let at: Timestamp
        /// Nil when PostgreSQL did not answer.
        let database: Database?
        let taps: [(name: String, finding: TAPProbe.Finding)]
    }

    /// How long each probe may take: the whole call stays below two seconds. Contract beampipe §11.2.
    static let patience = Duration.milliseconds(1500)

    let pool: Pool
    let surroundings: any ExecutionSurroundings
    let taps: [TAPProbe]

    func find() async -> Finding {
        let at = Timestamp.now()
        async let database = database(at)
        async let taps = findTaps()
        return Finding(at: at, database: await database, taps: await taps)
    }

    func findTaps() async -> [(name: String, finding: TAPProbe.Finding)] {
        await withTaskGroup { group in
            for (place, tap) in taps.enumerated() {
                group.addTask { (place, tap.name, await tap.finding(within: Self.patience)) }
            }
            var found: [(place: Int, name: String, finding: TAPProbe.Finding)] = []
            for await (place, name, finding) in group { found.append((place, name, finding)) }
            return found.sorted { $0.place < $1.place }.map { ($0.name, $0.finding) }
        }
    }

    private func database(_ at: Timestamp) async -> Database? {
        let answer = FirstAnswer<Database?>()
        let start = ContinuousClock.now
        let question = Task { [pool, surroundings] in
            let found = try? await pool.withConnection { connection in
                Database(
                    counts: try ExecutionCounts(on: connection, at: at, surroundings, withSources: false),
                    deliveries: try surroundings.deliveries(since: at - .seconds(86_400), on: connection),
                    latency: .now - start
                )
            }
            answer.settle(found)
        }
        let clock = Task {
            try? await Task.sleep(for: Self.patience)
            answer.settle(nil)
        }
        let found = await answer.value
        question.cancel()
        clock.cancel()
        return found
    }
}

/// How the workers are. Contract beampipe §1.4, §11.2.
struct WorkerStanding: Hashable, Sendable {
    let active: Int
    let stale: Int

    /// A worker is stale whose last heartbeat is older than three intervals, and than 30 seconds.
    init(_ workers: [ExecutionWorker], heartbeats interval: Int) {
        let limit = Duration.seconds(max(30, 3 * interval))
        let present = workers.filter { !$0.isStopped }
        stale = present.filter { $0.heartbeatAge > limit }.count
        active = present.count - stale
    }

    /// `ok`, `none` or `stale`.
    var word: String { active > 0 ? "ok" : stale > 0 ? "stale" : "none" }
}
