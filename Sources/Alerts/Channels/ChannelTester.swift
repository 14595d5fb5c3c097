internal import API
internal import Core
internal import HTTP
internal import Notifications
internal import Postgres

/// Sends a test over a channel and records it as a delivery. Contract beampipe §4.8, D20.
struct ChannelTester: Sendable {
    let pool: Pool
    let vault: ChannelVault
    let send: @Sendable (AlertNotification, ChannelConfiguration) async -> SendOutcome
    /// Longer than an attempt can take.
    let lease: Duration
    let metrics: AlertsMetrics

    /// What became of a test.
    struct Outcome: Sendable {
        let delivery: UUID128
        let result: AttemptResult
    }

    func answer(_ request: Request) async -> Response {
        do {
            let id = try AlertsSurface.id(request, of: "channel")
            guard let outcome = try await test(id, AlertTest.notification(at: request.receivedAt)) else {
                throw AlertsSurface.notFound("channel")
            }
            return AlertsSurface.json { json in
                json.object { body in
                    body.member("delivery_id", outcome.delivery)
                    // The original's only answer: clients may compare it.
                    body.member("status", "sent_or_failed")
                    body.member("result", outcome.result.status)
                    body.member("error", outcome.result.error)
                    body.member("duration_ms", outcome.result.milliseconds)
                    body.member("http_status", outcome.result.httpStatus)
                }
            }
        } catch let failure as OperatorFailure {
            return failure.response
        } catch {
            var response = OperatorFailure(.serviceUnavailable, "PostgreSQL is away or busy: ask again.")
                .response
            response.fields.append("Retry-After", "1")
            return response
        }
    }

    /// Sends a notification once; nil when there is no such channel.
    func test(_ channel: UUID128, _ notification: AlertNotification) async throws -> Outcome? {
        let message = notification.withNewID()
        let delivery = NewDelivery(
            message: message,
            state: "test",
            rule: nil,
            channel: channel,
            incident: nil,
            wait: .zero,
            mostAttempts: 1
        )
        let lease = lease
        let stored = try await pool.withConnection { connection in
            try connection.transaction {
                guard let stored = try ChannelStore.find(channel, on: connection) else {
                    return StoredChannel?.none
                }
                try DeliveryStore.insertTaken(delivery, lease: lease, on: connection)
                return stored
            }
        }
        guard let stored else { return nil }
        let start = ContinuousClock.now
        let outcome: SendOutcome
        do throws(ChannelProblem) {
            outcome = await send(message, try vault.open(stored))
        } catch {
            outcome = error.outcome
        }
        let result = RetryPlan().result(
            of: outcome,
            attempts: 1,
            mostAttempts: 1,
            milliseconds: Int64((ContinuousClock.now - start) / .milliseconds(1)),
            jitter: 0
        )
        metrics.attempted(stored.kind.rawValue, result.status, event: message.event)
        try await pool.withConnection { connection in
            _ = try DeliveryStore.record(result, of: message.id, attempts: 1, on: connection)
        }
        return Outcome(delivery: message.id, result: result)
    }
}

extension AlertNotification {
    /// The same as a delivery of its own.
    func withNewID() -> AlertNotification {
        var message = self
        message.id = .timeOrdered()
        return message
    }
}

/// The notification of a test.
enum AlertTest {
    static func notification(at now: Timestamp) -> AlertNotification {
        let text = "This is a test of a channel of Weir. Nothing is wrong."
        var message = AlertNotification(
            id: .timeOrdered(at: now),
            incident: "weir/test",
            state: .firing,
            event: "test_alert",
            severity: .info,
            title: "Test alert",
            text: text,
            at: now,
            startedAt: now
        )
        message.labels = [("alertname", "test"), ("severity", "info")]
        var body = JSONWriter()
        body.object { body in
            body.member("alert", "test")
            body.member("severity", "info")
            body.member("project_module", "test")
            body.member("summary", text)
            body.object("links") { _ in }
            body.member("fired_at", now)
        }
        message.body = body.bytes
        return message
    }
}
