import Configuration
import Ingest
import Journal
import Observability
import Postgres

/// Runs the checks of `/ready`.
struct Readiness: ReadinessSource {
    private let settings: Settings
    private let keeper: DatabaseKeeper
    private let replica: Pool?
    private let journal: Journal
    private let lags: [StreamLag]

    init(
        _ settings: Settings,
        keeper: DatabaseKeeper,
        replica: Pool?,
        journal: Journal,
        lags: [StreamLag]
    ) {
        self.settings = settings
        self.keeper = keeper
        self.replica = replica
        self.journal = journal
        self.lags = lags
    }

    func checks() async -> [ReadinessCheck] {
        async let replica = replicaCheck()
        async let probe = keeper.probe.check(within: .seconds(2))
        let database = await PoolHealth(pool: keeper.pool).check(within: .seconds(2))
        return [postgres(database, await probe), migrations] + (await replica) + lags.map(loader) + [
            disk, journalCheck,
        ]
    }

    /// Always ready: reads are answered without the replica, and all Weirs share it.
    private func replicaCheck() async -> [ReadinessCheck] {
        guard let replica else { return [] }
        let health = await PoolHealth(pool: replica).check(within: .seconds(2))
        guard health != .connected else { return [ReadinessCheck("replica", isReady: true, "It answers.")] }
        return [
            ReadinessCheck(
                "replica",
                isReady: true,
                health.text,
                advice: "DATABASE_URL answers reads meanwhile. Check the replica."
            )
        ]
    }

    private func postgres(_ health: DatabaseHealth, _ probe: DatabaseProbe.Finding) -> ReadinessCheck {
        func unready(_ finding: String, _ advice: String) -> ReadinessCheck {
            let kept = "Events are kept in the journal meanwhile."
            return ReadinessCheck("postgresql", isReady: false, finding, advice: "\(kept) \(advice)")
        }
        if keeper.isClusterLost {
            return unready(
                "The files of the private PostgreSQL have vanished: postgres/ in the data directory is gone.",
                """
                Bring them back (is a disk not mounted?). Or start Weir anew: it makes a new cluster and loads what the \
                journal keeps; `weir restore` brings back a backup.
                """
            )
        }
        if case .misfit(let misfit) = probe { return unready(misfit.finding, misfit.advice) }
        if health != .connected {
            let trouble = keeper.pool.status.lastError.map { DatabaseTrouble($0) }
            return unready(health.text, trouble?.advice ?? "Check PostgreSQL; `weir doctor` helps.")
        }
        switch probe {
        case .failed(let error):
            let trouble = DatabaseTrouble(error)
            return unready("A new connection: \(trouble.brief)", trouble.advice)
        case .fine(let facts):
            guard let misfit = facts.creationMisfit else { fallthrough }
            return ReadinessCheck(
                "postgresql",
                isReady: true,
                "It answers, and \(misfit.finding).",
                advice: misfit.advice
            )
        case .misfit, .unknown: return ReadinessCheck("postgresql", isReady: true, "It answers.")
        }
    }

    private var migrations: ReadinessCheck {
        switch keeper.schemaState {
        case .current(let version):
            ReadinessCheck("migrations", isReady: true, "The schema is at version \(version).")
        case .unknown:
            ReadinessCheck("migrations", isReady: false, "Not checked yet.", advice: "Wait for PostgreSQL.")
        case .incomplete:
            ReadinessCheck("migrations", isReady: false, "Steps are missing.", advice: "Run `weir migrate`.")
        case .newer(let database, let known):
            ReadinessCheck(
                "migrations",
                isReady: false,
                "The database is at version \(database), this Weir knows up to \(known).",
                advice: "Use a newer Weir; events are kept in the journal meanwhile."
            )
        case .unsuitable(let misfit):
            ReadinessCheck(
                "migrations",
                isReady: false,
                "Not applied: \(misfit.finding).",
                advice: misfit.advice
            )
        case .failed(let reason):
            ReadinessCheck("migrations", isReady: false, reason, advice: "Fix it and start again.")
        }
    }

    private func loader(_ lag: StreamLag) -> ReadinessCheck {
        let name = "loader \(lag.progress.stream)"
        let reading = lag.reading()
        let distance = "\(reading.lines) lines and \(Int(reading.seconds)) s behind"
        switch lag.progress.snapshot.state {
        case .stopped(let reason) where reason == PostgresError.Kind.forbidden.rawValue:
            return ReadinessCheck(
                name,
                isReady: false,
                "Stopped (\(reason)), \(distance).",
                advice: "The role lacks a right: the log says for what. GRANT it; loading goes on by itself."
            )
        case .stopped(let reason):
            return ReadinessCheck(
                name,
                isReady: false,
                "Stopped (\(reason)), \(distance).",
                advice: "This is a bug of Weir or a wrong schema: see the log, run `weir migrate status`."
            )
        case .backingOff(let reason):
            return ReadinessCheck(
                name,
                isReady: false,
                "Waits for PostgreSQL (\(reason)), \(distance).",
                advice: "Check PostgreSQL; nothing is lost."
            )
        case .waiting where reading.lines > 0:
            return ReadinessCheck(
                name,
                isReady: false,
                "Not started, \(distance).",
                advice: "Wait for PostgreSQL."
            )
        case .waiting, .running:
            let isReady = reading.lines <= Int64(settings.readyLagLines)
            return ReadinessCheck(
                name,
                isReady: isReady,
                reading.lines == 0 ? "Up to date." : "\(distance).",
                advice: isReady ? nil : "PostgreSQL does not keep up; see weir_loader_lag_lines on /metrics."
            )
        }
    }

    private var disk: ReadinessCheck {
        guard let space = try? journal.diskSpace(), space.total > 0 else {
            return ReadinessCheck(
                "disk",
                isReady: false,
                "It cannot be checked.",
                advice: "Check the data directory."
            )
        }
        let percent = Int((Double(space.total - space.free) * 100 / Double(space.total)).rounded())
        let isReady = percent < settings.readyDiskPercent
        return ReadinessCheck(
            "disk",
            isReady: isReady,
            "\(percent) % full, \(ByteSize(Int(space.free)).approximately) free.",
            advice: isReady
                ? nil : "Make room, or keep less with WEIR_JOURNAL_KEEP and WEIR_JOURNAL_MAX_BYTES."
        )
    }

    private var journalCheck: ReadinessCheck {
        let needsReserve = settings.journalReserve > 0
        let isReady = !needsReserve || journal.isReserveHeld
        return ReadinessCheck(
            "journal",
            isReady: isReady,
            isReady ? "It is written." : "Its reserve was given up: the disk was full.",
            advice: isReady ? nil : "Make room on the disk; Weir takes the reserve again by itself."
        )
    }
}
