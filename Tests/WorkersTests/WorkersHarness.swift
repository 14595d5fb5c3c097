import API
import Configuration
import Core
import FeatureTestKit
import Foundation
import HTTP
import Ingest
import TestKit

@testable import Workers

/// The workers surface from its endpoints to its rows, in the words of its tests.
final class WorkersHarness: Sendable {
    typealias Answer = FeatureHarness.Answer

    let feature: FeatureHarness

    var database: TemporaryDatabase { feature.database }

    /// A fresh database, or one that another harness has filled.
    init(
        adopting: AutoRegistration = .off,
        seriesOfComponent: Int = 20_000,
        mostAdopted: Int = 10_000,
        pushGroups: Int = 10_000,
        pushLifetime: Duration = .zero,
        selectorSteps: Int = 20_000_000,
        otlpTimes: Duration = .seconds(86_400 * 36_500),
        otlpValues: Int = 1_000_000,
        over filled: TemporaryDatabase? = nil
    ) throws {
        var settings = SettingValues()
        settings[WorkersSettings.autoRegister] = adopting
        settings[WorkersSettings.seriesOfComponent] = seriesOfComponent
        settings[WorkersSettings.mostAdopted] = mostAdopted
        settings[WorkersSettings.pushGroups] = pushGroups
        settings[WorkersSettings.pushLifetime] = pushLifetime
        settings[WorkersSettings.selectorSteps] = selectorSteps
        settings[WorkersSettings.otlpAhead] = otlpTimes
        settings[WorkersSettings.otlpBehind] = otlpTimes
        settings[SharedSettings.mostValues] = otlpValues
        feature = try FeatureHarness(.workers, settings: settings, over: filled)
    }

    func get(_ target: String) async throws -> Answer {
        try await feature.send(.get, target)
    }

    @discardableResult
    func post(_ target: String, _ body: String = "", type: String? = "application/json") async throws
        -> Answer
    {
        try await feature.send(.post, target, body: body, fields: type.map { ["Content-Type": $0] } ?? [:])
    }

    @discardableResult
    func delete(_ target: String, _ body: String) async throws -> Answer {
        try await feature.send(.delete, target, body: body, fields: ["Content-Type": "application/json"])
    }

    /// Pushes to a group, or deletes it.
    @discardableResult
    func push(_ method: HTTP.Method, _ target: String, _ body: String = "", _ fields: HeaderFields = [:])
        async throws -> Answer
    {
        try await feature.send(method, target, body: body, fields: fields)
    }

    /// Rows, once everything is loaded that was acknowledged.
    func rows(_ sql: String) async throws -> [String] {
        _ = try await get("/api/metrics/query?limit=0")
        return try database.rows(sql)
    }

    /// Registers a worker pool; returns its id.
    @discardableResult
    func pool(_ name: String) async throws -> Int64 {
        let answer = try await post("/api/worker/pool/register", #"{"name":"\#(name)","runtime":"cpu"}"#)
        guard let id = try answer.json["runtime_id"]?.int64 else { throw Missing() }
        return id
    }

    struct Missing: Error {}

    /// Reports metrics of a component, each a JSON object.
    @discardableResult
    func report(_ name: String, _ metrics: String...) async throws -> Answer {
        try await post(
            "/api/metrics/report",
            #"{"component_name":"\#(name)","metrics":[\#(metrics.joined(separator: ","))]}"#
        )
    }

    /// A gauge.
    static func gauge(_ name: String, _ value: String, labels: String = "null", rest: String = "") -> String {
        #"{"metric_name":"\#(name)","metric_type":"gauge","metric_value":\#(value),"labels":\#(labels)\#(rest)}"#
    }

    /// A recorded file.
    static func fixture(_ name: String) throws -> JSONNode {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "Fixtures/\(name).json"
        )
        return try JSONDocument([UInt8](Data(contentsOf: file))).root
    }
}
