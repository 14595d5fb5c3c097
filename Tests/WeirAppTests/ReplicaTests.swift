import Foundation
import Postgres
import TestKit
import Testing

@testable import Operations
@testable import WeirApp

@Suite(.serialized) struct `A server with a read replica` {
    /// A migrated database, and a role of it that may read and nothing else.
    private struct Scene {
        let database: TemporaryDatabase
        let role: String

        init() async throws {
            let database = try TemporaryDatabase.make()
            let role = "\(database.name)_reader"
            var settings = Settings()
            settings.databaseURL = database.target.unmaskedURL
            settings.dataDirectory = EmbeddedServer.newDirectory()
            _ = try await DatabaseSession.with(settings) { try await MigrationReport.apply($0) }
            try? FileManager.default.removeItem(atPath: settings.dataDirectory)
            try Connection.withTemporary(database.target) {
                _ = try $0.executeScript(
                    """
                    CREATE ROLE \(role) LOGIN;
                    ALTER ROLE \(role) SET default_transaction_read_only = on;
                    GRANT SELECT ON ALL TABLES IN SCHEMA public TO \(role);
                    REVOKE TEMPORARY ON DATABASE \(database.name) FROM PUBLIC
                    """
                )
            }
            self.database = database
            self.role = role
        }

        func finish() throws {
            try Connection.withTemporary(database.target) {
                _ = try $0.executeScript("DROP OWNED BY \(role); DROP ROLE \(role)")
            }
        }
    }

    private static let reads = [
        "/metrics/processes/summary", "/metrics/processes/summary?window_days=3",
        "/metrics/processes/retries",
        "/metrics/processes/resources-by-attempt", "/metrics/processes/failures",
        "/metrics/processes/failure-signatures", "/metrics/processes/running", "/metrics/processes/tasks",
        "/metrics/processes/timeline", "/api/nextflow/runs", "/api/nextflow/runs/test123",
        "/api/nextflow/runs/test123/test_run", "/api/nextflow/runs/test123/test_run/tasks",
        "/api/nextflow/runs/test123/test_run/events",
    ]

    @Test func `answers every read from it by a role that may only read`() async throws {
        let scene = try await Scene()
        let readURL = scene.database.target.with("user", scene.role).unmaskedURL
        let weir = try await EmbeddedServer.start(databaseURL: scene.database.target.unmaskedURL) {
            $0.databaseReadURL = readURL
        }
        let client = try weir.client()
        #expect(try client.post("/telemetry", json: Banner.sampleEvent).status == 200)
        for path in Self.reads {
            let answer = try client.get(path)
            #expect(answer.status == 200, "\(path): \(answer.text)")
        }
        let metrics = try client.get("/metrics").text
        #expect(metrics.contains("weir_replica_reads_total \(Self.reads.count)\n"))
        #expect(metrics.contains("weir_replica_late_reads_total 0\n"))
        #expect(!metrics.contains(#/weir_replica_fallbacks_total\{[^}]*\} [1-9]/#))
        #expect(try client.get("/ready").text.contains(#""name":"replica","ok":true,"why":"It answers.""#))
        await weir.stop()
        try scene.finish()
    }

    @Test func `answers reads without it while it is away, and stays ready`() async throws {
        let weir = try await EmbeddedServer.start {
            $0.databaseReadURL = "postgresql://127.0.0.1:1/nowhere"
        }
        let client = try weir.client()
        #expect(try client.post("/telemetry", json: Banner.sampleEvent).status == 200)
        #expect(try client.get("/metrics/processes/summary").text.contains(#""event":"test_event""#))
        let ready = try client.get("/ready")
        #expect(ready.status == 200)
        #expect(ready.text.contains("DATABASE_URL answers reads meanwhile"))
        let metrics = try client.get("/metrics").text
        #expect(metrics.contains("weir_replica_up 0\n"))
        #expect(metrics.contains(#"weir_replica_fallbacks_total{reason="unreachable"} 1"#))
        await weir.stop()
    }

    @Test func `does not start with a replica of its private cluster`() async throws {
        let error = await #expect(throws: (any Error).self) {
            _ = try await EmbeddedServer.start {
                $0.databaseURL = nil
                $0.databaseReadURL = "postgresql://127.0.0.1/weir"
            }
        }
        #expect(StartError.describing(try #require(error)).isConfiguration)
        #expect(StartError.describing(try #require(error)).line.contains("needs DATABASE_URL"))
    }
}
