import API
import Configuration
import FeatureTestKit
import HTTP
import Ingest
import Journal
import Metrics
import Postgres
import TestKit

@testable import Runs

/// The runs surface from its endpoints to its rows, in the words of its tests.
final class RunsHarness: Sendable {
    typealias Answer = FeatureHarness.Answer

    private let feature: FeatureHarness

    var database: TemporaryDatabase { feature.database }
    var journal: Journal { feature.journal }
    var pool: Pool { feature.pool }
    var progress: StreamProgress { feature.progress[0] }
    /// Of every listener.
    var endpoints: [Endpoint] { feature.endpoints }

    /// A fresh database, or one that another harness has filled.
    init(
        duplicateStatus: Status = .created,
        loads: Bool = true,
        mostRuns: Int = 10_000,
        pageBytes: Int = PageLimit.defaultBytes,
        applyTimeout: Duration = .seconds(3),
        mostBytes: Int = 64 << 20,
        over filled: TemporaryDatabase? = nil
    ) async throws {
        var settings = SettingValues()
        settings[RunsSettings.duplicateStatus] = duplicateStatus
        settings[RunsSettings.maxBatch] = mostRuns
        settings[RunsSettings.applyTimeout] = applyTimeout
        settings[SharedSettings.maxPageBytes] = pageBytes
        feature = try FeatureHarness(
            .runs(mostBytes: mostBytes),
            settings: settings,
            loads: loads,
            over: filled
        )
    }

    func get(_ target: String, accept: String? = nil) async throws -> Answer {
        try await feature.send(.get, target, fields: accept.map { ["Accept": $0] } ?? [:])
    }

    /// As a caller that may do only so much.
    func get(_ target: String, as scopes: Set<Scope>) async throws -> Answer {
        try await feature.send(.get, target, as: scopes)
    }

    func post(_ target: String, _ body: String, type: String = "application/json") async throws -> Answer {
        try await feature.send(.post, target, body: body, fields: ["Content-Type": type])
    }

    func post(_ target: String, _ body: String, fields: HeaderFields) async throws -> Answer {
        var fields = fields
        fields.append("Content-Type", "application/json")
        return try await feature.send(.post, target, body: body, fields: fields)
    }

    /// How many trace contexts were malformed.
    var malformedContexts: Double {
        feature.registry.snapshot().numbers("weir_trace_contexts_total")
            .first { $0.labels.map(\.value) == ["runs", "malformed"] }?.value ?? -1
    }

    func patch(_ eventID: String, _ body: String) async throws -> Answer {
        let fields: HeaderFields = ["Content-Type": "application/json"]
        return try await feature.send(.patch, "/api/v1/runs/\(eventID)", body: body, fields: fields)
    }

    func rows(_ sql: String) throws -> [String] { try database.rows(sql) }

    func execute(_ sql: String) throws { try database.execute(sql) }

    /// How often the runs were read whole.
    func wholeReads() throws -> [String] {
        try rows("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'agent_run'")
    }

    /// Ends the sessions that answered, for each tells what it read only then.
    func endSessions() async throws {
        await feature.pool.close()
        try await eventually { try rows(Self.otherSessions) == ["0"] }
    }

    private static let otherSessions = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
        """
}

/// Bodies with what the surface requires.
enum RunBody {
    static func run(
        _ eventID: String,
        agent: String = "agent",
        job: String = "job",
        created: String? = nil,
        start: String = "2026-01-01T00:00:00+00:00",
        more: String = ""
    ) -> String {
        let created = created.map { #","created_at":"\#($0)""# } ?? ""
        return """
            {"event_id":"\(eventID)","run_id":"R-\(eventID)","start_time":"\(start)",\
            "agent_name":"\(agent)","job_type":"\(job)"\(created)\(more)}
            """
    }
}
