import API
import Configuration
import Core
import FeatureTestKit
import HTTP
import Ingest
import Journal
import Postgres
import TestKit

@testable import Provenance

/// Provenance from its endpoints to its rows, in the words of its tests.
final class ProvenanceHarness: Sendable {
    typealias Answer = FeatureHarness.Answer

    private let feature: FeatureHarness

    var database: TemporaryDatabase { feature.database }
    var pool: Pool { feature.pool }

    /// A fresh database, or one that another harness has filled.
    init(
        keep: Duration = .seconds(90 * 86_400),
        applyTimeout: Duration = .seconds(3),
        loads: Bool = true,
        follows: Bool = true,
        over filled: TemporaryDatabase? = nil
    ) throws {
        var settings = SettingValues()
        settings[ProvenanceSettings.keep] = keep
        settings[ProvenanceSettings.applyTimeout] = applyTimeout
        feature = try FeatureHarness(
            .provenance,
            settings: settings,
            loads: loads,
            runsTasks: follows,
            over: filled
        )
    }

    func get(_ target: String) async throws -> Answer { try await feature.send(.get, target) }

    func post(
        _ project: String,
        _ body: String,
        fields: HeaderFields = ["Content-Type": "application/json"],
        as scopes: Set<Scope> = Set(Scope.allCases)
    ) async throws -> Answer {
        try await feature.send(
            .post,
            "/api/v2/projects/\(project)/events",
            body: body,
            fields: fields,
            as: scopes
        )
    }

    /// The types of the events of a feed, in its order.
    func types(_ target: String) async throws -> [String] {
        try await get(target).json.elements.compactMap { $0["event_type"]?.string }
    }

    func rows(_ sql: String) throws -> [String] { try database.rows(sql) }

    func execute(_ sql: String) throws { try database.execute(sql) }

    /// Waits until the follower has registered its consumer.
    func waitForConsumer() async throws {
        try await eventually {
            try rows("SELECT count(*) FROM outbox_consumer WHERE name = 'provenance'") == ["1"]
        }
    }

    /// Writes events of other features.
    func tell(_ events: OutboxEvent...) throws {
        try Connection.withTemporary(database.target) { try OutboxStore.insert(events, on: $0) }
    }

    func endSessions() async { await feature.pool.close() }
}

/// Ids that are easy to read.
func uuid(_ number: Int) -> String {
    let digits = String(number)
    return "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
}
