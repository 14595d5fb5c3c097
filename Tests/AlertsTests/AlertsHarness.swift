import Alerts
import Configuration
import Core
import FeatureTestKit
import HTTP
import Ingest
import Postgres
import Synchronization
import TestKit
import Testing

/// Alerts with a running engine and sender, and without the features that tell them something.
struct AlertsHarness {
    let feature: FeatureHarness
    let values: GivenValues

    init(_ settings: [String: String] = [:], over filled: TemporaryDatabase? = nil) throws {
        let given = GivenValues()
        values = given
        let alerts = Feature.alerts { _ in given }
        let texts = ["WEIR_ALERTS_EVERY": "1s", "WEIR_ALERTS_GROUP_WAIT": "0s"]
            .merging(settings) { $1 }
        var read = SettingValues()
        for row in alerts.settings + Feature.shared.settings {
            if let text = texts[row.name] { try read.set(row, to: text) }
        }
        feature = try FeatureHarness(alerts, settings: read, runsTasks: true, over: filled)
    }

    /// Writes an outbox event, as a feature's loader does.
    func happen(_ kind: String, _ subject: String, _ detail: String = "{}") async throws {
        try await happen(all: [(kind, subject, detail)])
    }

    /// Writes outbox events in one transaction: the engine takes them together.
    func happen(all events: [(kind: String, subject: String, detail: String)]) async throws {
        let start = Timestamp.now()
        let events = events.enumerated().map { place, event in
            OutboxEvent(
                kind: event.kind,
                subject: event.subject,
                at: start + .microseconds(place),
                detail: Array(event.detail.utf8)
            )
        }
        try await feature.pool.withConnection { connection in
            try connection.transaction { try OutboxStore.insert(events, on: connection) }
        }
    }

    /// Waits until the engine listens.
    func start() async throws {
        try await eventually {
            try await feature.pool.withConnection { try OutboxStore.hasConsumers(on: $0) }
        }
    }

    func post(_ path: String, _ body: String) async throws -> FeatureHarness.Answer {
        try await feature.send(.post, path, body: body, fields: ["Content-Type": "application/json"])
    }

    func patch(_ path: String, _ body: String) async throws -> FeatureHarness.Answer {
        try await feature.send(.patch, path, body: body, fields: ["Content-Type": "application/json"])
    }

    /// Adds a webhook channel; returns its id.
    func channel(_ url: String, _ name: String = "hook") async throws -> String {
        let body = #"{"name":"\#(name)","kind":"webhook","config":{"url":"\#(url)"}}"#
        let made = try await post("/api/v2/notification-channels", body)
        try #require(made.status == 201, "\(made.text)")
        return try made.json["uuid"]?.string ?? ""
    }

    /// Adds a rule with some members that tells a channel; returns its id.
    func rule(_ members: String, to channel: String, _ name: String = "rule") async throws -> String {
        let made = try await post(
            "/api/v2/alert-rules",
            #"{"name":"\#(name)","channel_ids":["\#(channel)"],\#(members)}"#
        )
        try #require(made.status == 201, "\(made.text)")
        return try made.json["uuid"]?.string ?? ""
    }

    /// One that listens, with a rule of some members that tells a receiver, which takes everything.
    static func telling(_ members: String, _ settings: [String: String] = [:]) async throws
        -> (AlertsHarness, Receiver)
    {
        let weir = try AlertsHarness(settings)
        try await weir.start()
        let receiver = try Receiver(Receiver.answer(200))
        _ = try await weir.rule(members, to: try await weir.channel(receiver.url))
        return (weir, receiver)
    }

    /// The deliveries, the last one first.
    func deliveries() async throws -> [JSONNode] {
        let answer = try await feature.send(.get, "/api/v2/alert-deliveries")
        try #require(answer.status == 200, "\(answer.text)")
        return Array(try answer.json.elements)
    }

    /// Makes deliveries that wait for another attempt due.
    func hurry() async throws {
        try await eventually {
            try await feature.pool.withConnection {
                try $0.execute(
                    "UPDATE alert_delivery SET next_attempt_at = now() WHERE status = 'retrying'"
                ).affectedRows > 0
            }
        }
    }

    /// The incidents, the last one first, as JSON texts of their members.
    func incidents(_ query: String = "") async throws -> [JSONNode] {
        let answer = try await feature.send(.get, "/api/v2/alert-incidents\(query)")
        try #require(answer.status == 200, "\(answer.text)")
        return Array(try answer.json["incidents"].map { Array($0.elements) } ?? [])
    }

    /// Waits, at most half a minute, until something is true.
    func eventually(_ condition: () async throws -> Bool) async throws {
        for _ in 0..<1500 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("it did not happen within half a minute")
    }
}

/// Values that a test gives.
final class GivenValues: MeasuredValues {
    private let given = Mutex<[MeasuredQuestion: [MeasuredValue]]>([:])

    func give(_ values: [MeasuredValue], to question: MeasuredQuestion) {
        given.withLock { $0[question] = values }
    }

    func values(of question: MeasuredQuestion, at now: Timestamp, on connection: Connection) throws
        -> [MeasuredValue]
    {
        given.withLock { $0[question] ?? [] }
    }
}
