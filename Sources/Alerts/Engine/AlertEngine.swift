internal import Core
internal import Ingest
internal import Logging
internal import Metrics
internal import Postgres
internal import Synchronization

/// Evaluates rules: over events within a second of them, over measured values at intervals.
///
/// Each Weir runs one. Events are taken by whoever comes first, with the incidents and deliveries that they make in one
/// transaction, so that a killed Weir neither loses one nor has one twice.
final class AlertEngine: Sendable {
    static let consumer = "alerts"
    /// How many events one transaction takes.
    private static let batch = 500

    let options: IncidentBook.Options
    /// How often rules over measured values are evaluated.
    let interval: Duration
    let expiry: Duration
    let hasDefaultRules: Bool
    let measured: MeasuredRules
    let watch: DependencyWatch
    let metrics: AlertsMetrics
    let logger: Logger
    private let target: ConnectionTarget
    // Guards what was read last of rules, channels and silences.
    private let known = Mutex<AlertConfiguration?>(nil)

    init(
        options: IncidentBook.Options,
        interval: Duration,
        expiry: Duration,
        hasDefaultRules: Bool,
        measured: MeasuredRules,
        watch: DependencyWatch,
        metrics: AlertsMetrics,
        logger: Logger,
        target: ConnectionTarget
    ) {
        self.options = options
        self.interval = interval
        self.expiry = expiry
        self.hasDefaultRules = hasDefaultRules
        self.measured = measured
        self.watch = watch
        self.metrics = metrics
        self.logger = logger
        self.target = target
    }

    /// Runs until the task is cancelled.
    func run() async {
        let connection = DedicatedConnection(
            target,
            SessionSettings(applicationName: "weir-alerts", parameters: ["jit": "off"]),
            label: "weir.alerts"
        )
        var evaluatedAt: ContinuousClock.Instant?
        var isRegistered = false
        while !Task.isCancelled {
            let isDue = evaluatedAt.map { ContinuousClock.now - $0 >= interval } ?? true
            let isNew = !isRegistered
            do {
                try await connection.withConnection { connection in
                    if isNew { try self.begin(on: connection) }
                    try self.takeEvents(on: connection)
                    if isDue {
                        try self.watch.answered(on: connection, self.book)
                        try self.evaluate(on: connection)
                    }
                }
                isRegistered = true
                if isDue { evaluatedAt = .now }
            } catch {
                metrics.failures.increment()
                let level: Logger.Level = (error as? PostgresError)?.isRetryable == true ? .debug : .warning
                logger.log(level: level, "alerts are not evaluated", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
            try? await Task.sleep(for: .milliseconds(250))
        }
        connection.close()
    }

    /// Asks PostgreSQL every few seconds whether it is there, until the task is cancelled: a pool notices a server that
    /// hangs, for which the engine's own connection would wait.
    func keepWatch(_ pool: Pool) async {
        while !Task.isCancelled {
            do {
                try await pool.withConnection { _ = try $0.execute("SELECT 1", []) }
                watch.heard()
            } catch {
                await watch.missed(known.withLock { $0 }, at: .now())
            }
            try? await Task.sleep(for: .seconds(5))
        }
    }

    private func begin(on connection: Connection) throws {
        try OutboxStore.register(Self.consumer, on: connection)
        if hasDefaultRules { try connection.transaction { try DefaultRules.store(on: connection) } }
    }

    // MARK: - Events

    /// Takes events until there are none.
    func takeEvents(on connection: Connection) throws {
        while try takeBatch(on: connection) == Self.batch {}
    }

    private func takeBatch(on connection: Connection) throws -> Int {
        guard try OutboxStore.hasUnread(Self.consumer, on: connection) else { return 0 }
        do {
            return try takeBatch(on: connection) { events, book in
                var rules = EventRules(book: book)
                for event in events { try rules.take(event) }
                try rules.finish()
            }
        } catch let error as PostgresError where error.isRetryable {
            throw error
        } catch {
            // One event that cannot be evaluated must not hold up all others.
            return try takeBatch(on: connection) { events, book in
                for event in events { try takeAlone(event, book) }
            }
        }
    }

    private func takeBatch(
        on connection: Connection,
        _ evaluate: ([OutboxEvent], IncidentBook) throws -> Void
    ) throws -> Int {
        try connection.transaction {
            try IndexPlans.use(on: connection)
            let events = try OutboxStore.take(Self.consumer, limit: Self.batch, on: connection)
            guard !events.isEmpty else { return 0 }
            try evaluate(events, try book(on: connection))
            return events.count
        }
    }

    /// Takes an event; one that cannot be evaluated is left out and logged.
    private func takeAlone(_ event: OutboxEvent, _ book: IncidentBook) throws {
        do {
            try book.connection.savepoint("alert_event") {
                var rules = EventRules(book: book)
                try rules.take(event)
                try rules.finish()
            }
        } catch let error as PostgresError where error.isRetryable {
            throw error
        } catch {
            metrics.failures.increment()
            logger.error(
                "an event could not be evaluated by alert rules",
                metadata: ["kind": "\(event.kind)", "error": "\(error)"]
            )
        }
    }

    // MARK: - Measured values

    /// Evaluates the rules that are due, and tells people what was held back.
    func evaluate(on connection: Connection) throws {
        let start = ContinuousClock.now
        let configuration = try connection.transaction { try book(on: connection).configuration }
        try measured.evaluate(configuration.rules, every: interval, on: connection) {
            try self.book(on: connection)
        }
        try connection.transaction {
            let book = try book(on: connection)
            try book.resolveOrphans()
            try book.expire(Self.expiring, after: expiry)
            try book.announceHeld()
        }
        metrics.evaluated(within: ContinuousClock.now - start)
    }

    /// Events that nothing may ever end: a failed run is not always run again.
    private static let expiring = EventName.allCases.filter {
        $0 != .workerHeartbeatLost && $0 != .checkMissed
    }

    /// What rules, channels and silences there are now, read again when one has changed. Inside a transaction.
    @Sendable func book(on connection: Connection) throws -> IncidentBook {
        let row = try connection.execute(
            Statement("alert revision", "SELECT revision, clock_timestamp() AS now FROM alert_revision"),
            []
        )[0]
        let revision = try row.int64("revision")
        let configuration: AlertConfiguration
        if let known = known.withLock({ $0 }), known.revision == revision {
            configuration = known
        } else {
            configuration = try AlertConfiguration.fetch(revision, on: connection)
            known.withLock { $0 = configuration }
        }
        return IncidentBook(
            configuration: configuration,
            options: options,
            connection: connection,
            now: try row.timestamp("now")
        )
    }
}
