import API
import Core
import Foundation
import TestKit
import Testing

@testable import WeirApp

@Suite(.serialized) struct `A private cluster whose files are gone` {
    private func start(_ directory: String) async throws -> EmbeddedServer {
        try await EmbeddedServer.start(directory: directory, listen: "127.0.0.1:0") { $0.databaseURL = nil }
    }

    private func event(_ number: Int) -> String {
        #"{"runName":"lost","runId":"lost","event":"lost_\#(number)","utcTime":"2026-01-01T00:00:00Z"}"#
    }

    @Test func `is told while Weir runs, and rebuilt from the journal at the next start`() async throws {
        let directory = EmbeddedServer.newDirectory()
        let first = try await start(directory)
        let client = try first.client()
        for number in 0..<3 { #expect(try client.post("/telemetry", json: event(number)).status == 200) }
        #expect(try client.get("/metrics").text.contains("weir_private_cluster_lost 0"))
        // The server may remove a file of its own at the same moment.
        try await eventually {
            try? FileManager.default.removeItem(atPath: "\(directory)/postgres")
            return !FileManager.default.fileExists(atPath: "\(directory)/postgres")
        }
        let ready = try client.get("/ready")
        #expect(ready.status == 503)
        #expect(ready.text.contains("have vanished"), "\(ready.text)")
        #expect(ready.text.contains("weir restore"))
        #expect(try client.get("/metrics").text.contains("weir_private_cluster_lost 1"))
        #expect(try client.post("/telemetry", json: event(3)).status == 200)
        await first.server.stop()
        // Nothing has put an empty one in its place.
        #expect(!FileManager.default.fileExists(atPath: "\(directory)/postgres/data"))
        let mirror = TokenMirror(path: "\(directory)/tokens.json")
        let token = AccessToken(name: "dash", secret: "hunter2", scopes: [.read])
        #expect(mirror.write([token]))

        let second = try await start(directory)
        let fields = [(name: "Authorization", value: "Bearer hunter2")]
        let read = try second.client().send("GET", "/metrics/processes/summary", fields: fields)
        for number in 0..<4 {
            #expect(read.text.contains(#"{"event":"lost_\#(number)","rows":1}"#), "\(read.text)")
        }
        #expect(mirror.read().tokens == [token])
        await second.stop()
    }
}
