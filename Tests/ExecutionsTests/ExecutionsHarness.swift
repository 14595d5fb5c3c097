import API
import Configuration
import Core
import FeatureTestKit
import HTTP
import Ingest
import Postgres
import TestKit

@testable import Executions

/// Other features of a test: they know two workers, and nothing of events.
struct NoSurroundings: ExecutionSurroundings {
    var workers: [ExecutionWorker] = []
    var deliveries: Int64 = 0

    func events(of execution: UUID128, atMost count: Int, on connection: Connection) throws -> [[UInt8]] {
        [Array(#"{"event_type":"execution.created","payload":{"api_token":"t"}}"#.utf8)]
    }

    func workers(at now: Timestamp, on connection: Connection) throws -> [ExecutionWorker] { workers }

    func deliveries(since time: Timestamp, on connection: Connection) throws -> Int64 { deliveries }
}

/// Executions from their endpoints to their rows, in the words of their tests.
final class ExecutionsHarness: Sendable {
    typealias Answer = FeatureHarness.Answer

    let feature: FeatureHarness

    init(
        loads: Bool = true,
        settings: SettingValues = SettingValues(),
        surroundings: NoSurroundings = NoSurroundings(),
        over filled: TemporaryDatabase? = nil
    ) async throws {
        feature = try FeatureHarness(
            .executions { _ in surroundings },
            settings: settings,
            loads: loads,
            over: filled
        )
        // Outbox events are written while somebody listens.
        if filled == nil {
            try feature.database.execute("INSERT INTO outbox_consumer (name) VALUES ('test')")
        }
    }

    func get(_ path: String, as scopes: Set<Scope> = [.read]) async throws -> Answer {
        try await feature.send(.get, "/api/v2/executions\(path)", as: scopes)
    }

    func post(_ path: String, _ body: String, key: String? = nil, fields more: HeaderFields = [:])
        async throws
        -> Answer
    {
        var fields = more
        fields.append("Content-Type", "application/json")
        if let key { fields.append("Idempotency-Key", key) }
        return try await feature.send(.post, "/api/v2/executions\(path)", body: body, fields: fields)
    }

    func patch(_ id: String, _ body: String) async throws -> Answer {
        let fields: HeaderFields = ["Content-Type": "application/json"]
        return try await feature.send(.patch, "/api/v2/executions/\(id)", body: body, fields: fields)
    }

    /// Registers an execution; returns its id.
    func register(_ more: String = "", archive: String = "a.tar") async throws -> String {
        let answer = try await post("", ExecutionBody.new(more, archive: archive))
        return try answer.json["uuid"]?.string ?? "status \(answer.status): \(answer.text)"
    }

    func rows(_ sql: String) throws -> [String] { try feature.database.rows(sql) }

    /// The kinds of the outbox events of an execution, in order.
    func told(_ id: String) throws -> [String] {
        try rows("SELECT kind FROM outbox_event WHERE subject = '\(id)' ORDER BY id")
    }
}

/// Bodies with what the surface requires.
enum ExecutionBody {
    static func new(_ more: String = "", archive: String = "a.tar", project: String = "wallaby") -> String {
        """
        {"project_module":"\(project)","archive_name":"\(archive)","sources":[{"source_identifier":"S1","sbids":[1]},\
        {"source_identifier":"S2"}]\(more.isEmpty ? "" : ",\(more)")}
        """
    }
}
