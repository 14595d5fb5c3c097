import Configuration
import Core
import Foundation
import HTTPServer
import Provenance
import TestKit
import Testing

@testable import WeirApp

/// The live stream of provenance events, as a browser's EventSource reads it. WHATWG HTML §9.2.
@Suite("The event stream of a running Weir", .serialized)
struct EventStreamTests {
    /// A connection that follows events.
    private final class Follower {
        private let client: RawClient
        private var text = ""
        private(set) var head = ""

        init(_ weir: EmbeddedServer, _ query: String = "", lastEvent: String? = nil) throws {
            let port = try #require(weir.server.addresses.first { $0.profile == nil }?.port)
            client = try RawClient(.tcp(host: "127.0.0.1", port: port), receiveTimeout: 30)
            let last = lastEvent.map { "Last-Event-ID: \($0)\r\n" } ?? ""
            try client.send(
                "GET /api/v2/events/stream\(query) HTTP/1.1\r\nHost: w\r\nAccept-Encoding: gzip\r\n\(last)\r\n"
            )
            while !text.contains("retry: 2000\n\n") { try read() }
            head = text.components(separatedBy: "\r\n\r\n")[0] + "\r\n"
        }

        private func read() throws {
            let bytes = try client.receive()
            guard !bytes.isEmpty else { throw RawClientError.closedEarly }
            text += String(decoding: bytes, as: UTF8.self)
        }

        /// The next events: their ids and types.
        func next(_ count: Int) throws -> [(id: String, type: String)] {
            while true {
                // The last line of an event is an empty one.
                let events = text.components(separatedBy: "id: ").dropFirst()
                if events.count >= count, events.last?.contains("\n\n") == true { break }
                try read()
            }
            let events = text.components(separatedBy: "id: ").dropFirst().map { event in
                let lines = event.split(separator: "\n")
                return (String(lines[0]), String(lines[1].dropFirst("event: ".count)))
            }
            text = ""
            return Array(events)
        }

        /// Waits for a comment.
        func heartbeat() throws {
            while !text.contains(": \n\n") { try read() }
        }

        /// What comes until the server ends the stream.
        func rest() throws -> String {
            text + String(decoding: try client.readUntilClose(), as: UTF8.self)
        }
    }

    private func post(_ type: String, to project: String, _ weir: EmbeddedServer) throws -> String {
        let answer = try weir.client().post(
            "/api/v2/projects/\(project)/events",
            json: #"{"event_type":"\#(type)"}"#
        )
        try #require(answer.status == 201)
        return try JSONDocument(answer.body).root["id"]?.string ?? ""
    }

    @Test func `brings what is posted and what other features tell, and goes on where a client was`()
        async throws
    {
        let weir = try await EmbeddedServer.start {
            $0[ProvenanceSettings.heartbeat] = .milliseconds(200)
            $0[ProvenanceSettings.mostListeners] = 4
        }
        // A Weir that has started is a worker, too.
        let types = "event_type=quality.&event_type=nextflow."
        let all = try Follower(weir, "?\(types)")
        let mine = try Follower(weir, "?project_module=p&event_type=quality.")
        #expect(all.head.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(all.head.contains("Content-Type: text/event-stream; charset=utf-8\r\n"))
        #expect(!all.head.contains("Content-Encoding"))
        let first = try post("quality.checked", to: "p", weir)
        #expect(try all.next(1).map(\.id) == [first])
        #expect(try mine.next(1).map(\.id) == [first])
        let started =
            #"{"runId":"S","runName":"mad_euler","event":"started","utcTime":"\#(Timestamp.now().iso8601(offset: .z))","#
            + #""metadata":{"parameters":{},"workflow":{"userName":"u","projectName":"rnaseq"}}}"#
        #expect(try weir.client().post("/telemetry", json: started).status == 200)
        #expect(try all.next(1).map(\.type) == ["nextflow.run_started"])
        let second = try post("quality.failed", to: "p", weir)
        let third = try post("quality.failed", to: "q", weir)
        #expect(try all.next(2).map(\.id) == [second, third])
        #expect(try mine.next(1).map(\.id) == [second])
        try mine.heartbeat()

        // Who comes back has missed nothing, and hears nothing again.
        let again = try Follower(weir, "?\(types)", lastEvent: first)
        #expect(
            try again.next(3).map(\.type) == ["nextflow.run_started", "quality.failed", "quality.failed"]
        )
        let byQuery = try Follower(weir, "?last_event_id=\(second)&project_module=q")
        #expect(try byQuery.next(1).map(\.id) == [third])
        let metrics = try weir.client().get("/metrics").text
        #expect(metrics.contains("weir_provenance_listeners 4"))
        #expect(metrics.contains(#"beampipe_events_ingested_total{project_module="p",result="accepted"} 2"#))

        let refused = try weir.client().get("/api/v2/events/stream")
        #expect(refused.status == 503 && refused["Retry-After"] == "5")
        #expect(try JSONDocument(refused.body).root["code"]?.string == "service_unavailable")

        // A stop ends the streams; it does not wait for them to end, and cuts none in two.
        await weir.stop()
        for follower in [all, again, byQuery] {
            let rest = try follower.rest()
            #expect(rest.hasSuffix("0\r\n\r\n"), "\(rest.suffix(40))")
        }
    }
}
