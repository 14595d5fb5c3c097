import Configuration
import Core
import FeatureTestKit
import HTTP
import Ingest
import Journal
import Postgres
import TestKit
import Testing

@testable import Runs

/// Checks and their pings from their endpoints to their rows.
final class PingHarness: Sendable {
    let feature: FeatureHarness

    /// With `unknownPings` a client may ping so many unknown checks, and checks are read as in a server.
    init(loads: Bool = true, unknownPings: Int? = nil, over filled: TemporaryDatabase? = nil) throws {
        var settings = SettingValues()
        if let unknownPings { settings[RunsSettings.unknownPings] = unknownPings }
        feature = try FeatureHarness(
            .runs(),
            settings: settings,
            loads: loads,
            runsTasks: unknownPings != nil,
            over: filled
        )
    }

    var journal: Journal { feature.journal }
    var database: TemporaryDatabase { feature.database }

    /// Makes a check, and returns its answer.
    func check(_ members: String = #""name":"backup""#) async throws -> JSONNode {
        let answer = try await feature.send(.post, "/api/v2/checks", body: "{\(members)}")
        try #require(answer.status == 201, "\(answer.text)")
        return try answer.json
    }

    func ping(_ method: HTTP.Method, _ path: String, body: String = "") async throws
        -> FeatureHarness.Answer
    {
        try await feature.send(method, path, body: body, fields: ["User-Agent": "curl/8"])
    }

    func ping(_ path: String) async throws -> FeatureHarness.Answer { try await ping(.get, path) }

    /// Waits until everything that is durable is loaded.
    func load() async {
        _ = await feature.progress[0].wait(for: journal.durableSeq, atMost: .seconds(30))
    }

    func rows(_ sql: String) throws -> [String] { try database.rows(sql) }

    /// The runs as agent, status, duration and error, in the order of their beginnings.
    func runs() async throws -> [String] {
        await load()
        return try rows(
            """
            SELECT agent_name, job_type, status, coalesce(document ->> 'error_summary', '') FROM agent_run ORDER BY start_instant, event_id
            """
        )
    }
}
