import Foundation
import Postgres
import TestKit
import Testing

/// What an operator does who puts a proxy in front, with `deploy/nginx.conf` as it is shipped.
@Suite(.serialized) struct `A proxy in front` {
    private static let sample = #"{"runId":"r","runName":"n","event":"e","utcTime":"2024-01-01T00:00:00"}"#

    @Test(.enabled(if: NginxProcess.executable != nil))
    func `on the same machine lets nobody in without a token, and everybody with one`() async throws {
        let database = try TemporaryDatabase.make()
        let directory = TemporaryDirectory()
        let environment = ["DATABASE_URL": database.target.unmaskedURL]
        let weir = try WeirProcess(dataDirectory: directory.path, environment: environment)
        let direct = try await weir.ready()
        guard case .tcp(_, let port) = direct.address else { return }
        let proxy = try NginxProcess(to: port, in: directory.path)
        let client = try await proxy.ready()

        // There has never been a token: who comes directly is let in, who comes by the proxy is not.
        #expect(try direct.post("/telemetry", json: Self.sample).status == 200)
        for fields in [[], [("X-Forwarded-For", "127.0.0.1"), ("Forwarded", "for=127.0.0.1")]] {
            #expect(try client.post("/telemetry", json: Self.sample, fields: fields).status == 401)
            let answer = try client.get("/api/nextflow/runs", fields: fields)
            #expect(answer.status == 401)
            #expect(answer.text.contains("came through a proxy"), "\(answer.text)")
            #expect(answer.text.contains("weir token create"), "\(answer.text)")
        }
        #expect(try client.get("/health").status == 200)

        let shell = Shell(environment.merging(["WEIR_DATA_DIR": directory.path]) { $1 })
        let made = await shell.run("weir token create both --scope ingest --scope read 2>/dev/null")
        let secret = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(made.exitCode == 0 && secret.hasPrefix("weir_"), "\(made.output)")
        let token = [("Authorization", "Bearer \(secret)")]
        let end = ContinuousClock.now + .seconds(60)
        while try client.get("/api/nextflow/runs", fields: token).status != 200, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(try client.get("/api/nextflow/runs", fields: token).status == 200)
        #expect(try client.post("/ingest/\(secret)/telemetry", json: Self.sample).status == 200)
        #expect(try client.post("/telemetry", json: Self.sample).status == 401)
        #expect(!proxy.accessLog.contains(secret) && proxy.accessLog.contains("/ingest/***/telemetry"))
        #expect(await weir.terminate() == 0)
    }
}
