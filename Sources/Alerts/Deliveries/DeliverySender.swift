internal import Core
internal import Ingest
internal import Logging
internal import Notifications
internal import Postgres
internal import Synchronization

/// Sends deliveries that are due. Each Weir runs one; each delivery is taken by one of them at a time.
///
/// The attempt is recorded after it was made. A Weir that is killed in between leaves the delivery taken until its time
/// is over; then it is sent once more, with the same ids.
struct DeliverySender: Sendable {
    /// How many are sent at once, each to another channel.
    static let parallel = 64

    let channels: ChannelVault
    let send: @Sendable (AlertNotification, ChannelConfiguration) async -> SendOutcome
    let pool: Pool
    /// This Weir, also after it was started again.
    let owner: String
    /// Longer than an attempt can take.
    let lease: Duration
    let plan: RetryPlan
    let metrics: AlertsMetrics
    let logger: Logger
    /// Called between an attempt and its record.
    var afterAttempt: @Sendable () -> Void = {}

    /// Runs until the task is cancelled.
    func run() async {
        await release()
        let free = FreeSlots(Self.parallel)
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let count = free.count
                for delivery in count > 0 ? await claim(atMost: count) : [] {
                    free.take()
                    group.addTask {
                        await work(off: delivery)
                        free.putBack()
                    }
                }
                try? await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    /// Gives back what this Weir had taken when it was killed: otherwise it would wait for the whole lease.
    private func release() async {
        while !Task.isCancelled {
            do {
                return try await pool.withConnection { [owner] in try DeliveryStore.release(of: owner, on: $0)
                }
            } catch {
                logger.debug("notifications are not sent", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// Sends a delivery and those that follow it over its channel, one after the other.
    private func work(off first: ClaimedDelivery) async {
        var next: ClaimedDelivery? = first
        while let delivery = next, !Task.isCancelled {
            next = await attempt(delivery)
        }
    }

    private func claim(atMost count: Int) async -> [ClaimedDelivery] {
        do {
            return try await pool.withConnection { [lease, owner] connection in
                try connection.transaction {
                    try DeliveryStore.claim(atMost: count, of: nil, for: lease, by: owner, on: connection)
                }
            }
        } catch {
            logger.debug("notifications are not sent", metadata: ["error": "\(error)"])
            try? await Task.sleep(for: .seconds(1))
            return []
        }
    }

    /// Sends a delivery; returns the next of its channel, if one is due.
    private func attempt(_ delivery: ClaimedDelivery) async -> ClaimedDelivery? {
        let start = ContinuousClock.now
        let attempt = await outcome(of: delivery)
        var result = plan.result(
            of: attempt.outcome,
            attempts: delivery.attempts,
            mostAttempts: attempt.isOurs ? delivery.mostAttempts : .max,
            milliseconds: Int64((ContinuousClock.now - start) / .milliseconds(1)),
            jitter: .random(in: -1...1)
        )
        if !attempt.isOurs {
            result.isCounted = false
            result.pause = plan.firstPause
        }
        metrics.attempted(attempt.kind, result.status, event: attempt.event)
        if result.status == "failed" || !attempt.isOurs {
            logger.warning(
                "a notification could not be delivered",
                metadata: [
                    "delivery": "\(delivery.id)", "channel": "\(delivery.channel)",
                    "why": "\(result.error ?? "")",
                ]
            )
        }
        afterAttempt()
        return await record(result, attempt.outcome, delivery)
    }

    private struct Attempt {
        let outcome: SendOutcome
        var kind = "unknown"
        var event = "unknown"
        /// False when this Weir cannot read the channel: another one may, and the attempt does not count.
        var isOurs = true
    }

    private func outcome(of delivery: ClaimedDelivery) async -> Attempt {
        guard
            let message = MessageDocument.decode(
                delivery.message,
                id: delivery.id,
                body: delivery.payload
            )
        else { return Attempt(outcome: .refused(status: nil, why: "a newer Weir wrote this notification")) }
        do {
            let channel = try await channels.open(delivery.channel)
            return Attempt(
                outcome: await send(message, channel),
                kind: channel.kind.rawValue,
                event: message.event
            )
        } catch let problem as ChannelProblem {
            if case .sealed = problem { return Attempt(outcome: problem.outcome, isOurs: false) }
            return Attempt(outcome: problem.outcome)
        } catch {
            let outcome = SendOutcome.again(status: nil, after: nil, why: "PostgreSQL cannot be reached")
            return Attempt(outcome: outcome, isOurs: false)
        }
    }

    /// Retried until PostgreSQL takes it: otherwise the delivery would be sent again. Takes the next of the channel, too.
    private func record(_ result: AttemptResult, _ outcome: SendOutcome, _ delivery: ClaimedDelivery) async
        -> ClaimedDelivery?
    {
        while !Task.isCancelled {
            do {
                return try await pool.withConnection { connection in
                    try connection.transaction { try record(result, outcome, delivery, on: connection) }
                }
            } catch let error as PostgresError where !error.isRetryable {
                logger.error("an attempt could not be recorded", metadata: ["error": "\(error)"])
                return nil
            } catch {
                try? await Task.sleep(for: .seconds(1))
            }
        }
        return nil
    }

    private func record(
        _ result: AttemptResult,
        _ outcome: SendOutcome,
        _ delivery: ClaimedDelivery,
        on connection: Connection
    ) throws -> ClaimedDelivery? {
        let isOurs = try DeliveryStore.record(
            result,
            of: delivery.id,
            attempts: delivery.attempts,
            on: connection
        )
        if isOurs, result.status == "failed" { try tellFailed(delivery, result.error, on: connection) }
        if case .gone(_, let why) = outcome {
            try ChannelStore.disable(delivery.channel, because: why, on: connection)
        }
        let next = try DeliveryStore.claim(
            atMost: 1,
            of: delivery.channel,
            for: lease,
            by: owner,
            on: connection
        )
        return next.first
    }

    private func tellFailed(_ delivery: ClaimedDelivery, _ error: String?, on connection: Connection) throws {
        guard try OutboxStore.hasConsumers(on: connection) else { return }
        let failed = try DeliveryStore.failed(delivery, error, on: connection)
        try OutboxStore.insert(failed.map { [.deliveryFailed($0, at: .now())] } ?? [], on: connection)
    }
}

/// How many more deliveries can be sent at once. Any thread.
private final class FreeSlots: Sendable {
    private let slots: Atomic<Int>

    init(_ count: Int) { slots = Atomic(count) }

    var count: Int { slots.load(ordering: .relaxed) }
    func take() { slots.subtract(1, ordering: .relaxed) }
    func putBack() { slots.add(1, ordering: .relaxed) }
}
