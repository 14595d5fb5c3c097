import Core
import FeatureTestKit
import Ingest
import Logging
import Notifications
import Postgres
import Synchronization
import TestKit
import Testing

@testable import Alerts

@Suite("Repeating to an Alertmanager", .serialized)
struct RepeaterTests {
    /// What was sent: the keys of the incidents of each request.
    private final class Requests: Sendable {
        private let taken = Mutex<[[String]]>([])
        private let outcome: SendOutcome
        /// Happens while the first request is on its way.
        private let meanwhile: @Sendable () -> Void

        init(
            _ outcome: SendOutcome = .sent(status: 200, note: nil),
            meanwhile: @escaping @Sendable () -> Void = {}
        ) {
            self.outcome = outcome
            self.meanwhile = meanwhile
        }

        var all: [[String]] { taken.withLock { $0 } }

        func take(_ messages: [AlertNotification]) -> SendOutcome {
            let count = taken.withLock { taken in
                taken.append(messages.map { "\($0.incident) \($0.state.rawValue)" })
                return taken.count
            }
            if count == 1 { meanwhile() }
            return outcome
        }
    }

    private func repeater(_ weir: AlertsHarness, _ requests: Requests) -> AlertmanagerRepeater {
        AlertmanagerRepeater(
            channels: ChannelVault(
                pool: weir.feature.pool,
                key: Result { () throws(SecretBoxError) in
                    try SecretBox(key: [UInt8](repeating: 7, count: 32))
                }
            ),
            send: { messages, _ in requests.take(messages) },
            book: AlertsHarness.book,
            pool: weir.feature.pool,
            lease: WorkLease(weir.feature.pool.target, for: .repeat),
            interval: .seconds(60),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// A delivery of an incident that was sent, with the incident's key in the message.
    private func tell(
        _ weir: AlertsHarness,
        _ number: Int,
        over channel: String = AlertsHarness.channel,
        as incident: String,
        state: String = "firing",
        status: String = "sent"
    ) throws {
        try weir.feature.database.execute(
            """
            INSERT INTO alert_delivery (
                uuid, rule_id, channel_id, incident_id, status, state, event, message, max_attempts, next_attempt_at,
                lease_until
            )
            VALUES (
                gen_random_uuid(), '\(AlertsHarness.rule)', '\(channel)', '\(AlertsHarness.incident(number))', '\(status)',
                '\(state)', 'pipeline_failed',
                '{"incident":"\(incident)","state":"\(state)","severity":"error","at":"2026-11-01T10:00:00Z",'
                '"started_at":"2026-11-01T10:00:00Z","labels":{"project":"rna"}}', 8, now() + interval '12 hours',
                now() + interval '30 minutes'
            )
            """
        )
    }

    @Test func `says again what each channel was told last, and of what fires only`() async throws {
        let weir = try AlertsHarness.keeping()
        try weir.makeRules(kind: "alertmanager")
        for number in 1...6 { try weir.makeIncident(number) }
        try tell(weir, 1, as: "one, at first")
        try tell(weir, 1, as: "one")
        try tell(weir, 1, over: AlertsHarness.otherChannel, as: "one")
        try tell(weir, 2, as: "over")
        try tell(weir, 3, as: "not sent", status: "sending")
        try tell(weir, 4, as: "never told of its beginning", state: "resolved")
        try tell(weir, 6, as: "not announced")
        try weir.feature.database.execute(
            """
            UPDATE alert_incident SET status = 'resolved', resolved_at = now(), resolved_by = 'event'
            WHERE uuid = '\(AlertsHarness.incident(2))';
            UPDATE alert_incident SET notified_at = NULL WHERE uuid = '\(AlertsHarness.incident(6))'
            """
        )
        let requests = Requests()
        #expect(try await repeater(weir, requests).step() == 2)
        #expect(requests.all == [["one firing"], ["one firing"]])
    }

    @Test func `puts a hundred into one request, and stops where one is not taken`() async throws {
        let weir = try AlertsHarness.keeping()
        try weir.makeRules(kind: "alertmanager")
        for number in 1...201 {
            try weir.makeIncident(number)
            try tell(weir, number, as: "\(number)")
        }
        let requests = Requests()
        #expect(try await repeater(weir, requests).step() == 201)
        #expect(requests.all.map(\.count) == [100, 100, 1])
        #expect(Set(requests.all.joined()).count == 201)
        let refused = Requests(.again(status: 503, after: nil, why: "HTTP 503"))
        #expect(try await repeater(weir, refused).step() == 0)
        #expect(refused.all.map(\.count) == [100])
    }

    @Test func `leaves out what is silenced, and channels that are disabled or of another kind`() async throws
    {
        let weir = try AlertsHarness.keeping()
        try weir.makeRules(kind: "alertmanager")
        for number in 1...2 {
            try weir.makeIncident(number, labels: #"{"process":"P\#(number)"}"#)
            try tell(weir, number, as: "\(number)")
            try tell(weir, number, over: AlertsHarness.otherChannel, as: "\(number)")
        }
        let silence = try await weir.silence(
            #"{"matchers":[{"name":"process","value":"P1","isRegex":false}],"startsAt":"2026-01-01T00:00:00Z","endsAt":"2099-01-01T00:00:00Z","createdBy":"","comment":""}"#
        )
        #expect(silence.status == 200, "\(silence.text)")
        let requests = Requests()
        _ = try await repeater(weir, requests).step()
        #expect(requests.all == [["2 firing"], ["2 firing"]])
        try weir.feature.database.execute(
            """
            UPDATE notification_channel SET enabled = false WHERE uuid = '\(AlertsHarness.channel)';
            UPDATE notification_channel SET kind = 'webhook' WHERE uuid = '\(AlertsHarness.otherChannel)'
            """
        )
        let none = Requests()
        #expect(try await repeater(weir, none).step() == 0)
        #expect(none.all.isEmpty)
    }

    /// Otherwise the repeat, which arrives behind the end, would bring the alert back for five minutes.
    @Test(arguments: [
        SendOutcome.sent(status: 200, note: nil), .again(status: nil, after: nil, why: "no answer"),
    ])
    func `says again that something is over which ended meanwhile`(outcome: SendOutcome) async throws {
        let weir = try AlertsHarness.keeping()
        try weir.makeRules(kind: "alertmanager")
        for number in 1...3 {
            try weir.makeIncident(number)
            try tell(weir, number, as: "\(number)")
        }
        let requests = Requests(outcome) {
            #expect(throws: Never.self) {
                try tell(weir, 1, as: "1", state: "resolved")
                // This one has come back.
                try tell(weir, 2, as: "2", state: "resolved")
                try tell(weir, 2, as: "2", state: "firing", status: "pending")
                try weir.feature.database.execute(
                    """
                    UPDATE alert_incident SET status = 'resolved', resolved_at = now(), resolved_by = 'event'
                    WHERE uuid = '\(AlertsHarness.incident(1))'
                    """
                )
            }
        }
        _ = try await repeater(weir, requests).step()
        #expect(requests.all.map(Set.init) == [["1 firing", "2 firing", "3 firing"], ["1 resolved"]])
    }

    @Test func `is done by one Weir at a time, and by another one when that is gone`() async throws {
        let database = try TemporaryDatabase.withSchema()
        let first = WorkLease(database.target, for: .repeat)
        let second = WorkLease(database.target, for: .repeat)
        #expect(try await first.renew())
        #expect(try await first.renew())
        #expect(try await !second.renew())
        first.close()
        for _ in 0..<500 where try await !second.renew() { try await Task.sleep(for: .milliseconds(20)) }
        #expect(try await second.renew())
    }
}
