import Foundation
import HTTP
import TestKit
import Testing

@testable import WeirApp

/// What clients send by mistake, or to see what happens: it is answered, and it spoils nothing.
@Suite(.serialized) struct `Odd values` {
    /// Values that some parser, some number or some column cannot hold.
    private static let values = [
        "", "%00", "a%00b", "-1", "0", "1e400", "NaN", "-0", "99999999999999999999999999",
        "9223372036854775807",
        "-9223372036854775808", "2147483648", "294277-01-01T00:00:00Z", "-4713-01-01", "0000-00-00", "1e18",
        "9999-12-31T23:59:59.9999999Z", "%FF%FE", "%ED%A0%80", "'\";--", "%F0%9F%98%80", "true", "[]", "{}",
        String(repeating: "9", count: 5000),
    ]

    @Test func `no parameter of any route is answered with a fault of the server`() async throws {
        let weir = try await EmbeddedServer.start { $0.readWait = .zero }
        let client = try weir.client()
        #expect(try client.post("/telemetry", json: Banner.sampleEvent).status == 200)
        var asked = 0
        for target in try Self.targets(client) {
            let response = try client.get(target)
            asked += 1
            #expect(
                response.status < 500,
                "\(target.prefix(200)): \(response.status) \(response.text.prefix(200))"
            )
        }
        #expect(asked > 1000)
        await weir.stop()
    }

    /// Every GET that the server describes, with each odd value in each of its parameters.
    private static func targets(_ client: HTTPTestClient) throws -> [String] {
        let document = try JSONSerialization.jsonObject(with: Data(client.get("/openapi.json").text.utf8))
        let paths = try #require((document as? [String: Any])?["paths"] as? [String: [String: Any]])
        return paths.sorted { $0.key < $1.key }.flatMap { path, item -> [String] in
            // A live stream has no end.
            guard let get = item["get"] as? [String: Any], !path.hasSuffix("/events/stream") else {
                return []
            }
            let parameters = get["parameters"] as? [[String: Any]] ?? []
            return parameters.flatMap { parameter -> [String] in
                guard let name = parameter["name"] as? String else { return [] }
                let isInPath = parameter["in"] as? String == "path"
                return values.filter { !isInPath || !$0.isEmpty }.map { value in
                    isInPath ? fill(path, name, value) : "\(fill(path, "", ""))?\(name)=\(value)"
                }
            }
        }
    }

    /// A path with `value` for one parameter and `x` for all others.
    private static func fill(_ path: String, _ name: String, _ value: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false).map { segment in
            guard segment.hasPrefix("{") else { return String(segment) }
            return segment == "{\(name)}" ? value : "x"
        }.joined(separator: "/")
    }

    @Test(arguments: [
        ("/api/v1/runs?agent_name=a%00b", 400, #"{"detail":"Invalid agent_name: it must not hold U+0000."}"#),
        (
            "/metrics/processes/summary?process=%00", 422,
            #"{"detail":[{"loc":["query","process"],"msg":"value must not hold U+0000","type":"value_error.str.nul"}]}"#
        ),
    ])
    func `a parameter with U+0000 is named`(target: String, status: Int, body: String) async throws {
        let weir = try await EmbeddedServer.start()
        let response = try weir.client().get(target)
        #expect(response.status == status)
        #expect(response.text == body)
        await weir.stop()
    }

    @Test func `odd rows leave the efficiency of the others alone`() async throws {
        let weir = try await EmbeddedServer.start()
        let client = try weir.client()
        let rows = [
            ("GOOD", "1000", "500", "2", "100"), ("GOOD", "1000", "500", "2", "100"),
            ("NEG", "1000", "-1", "2", "-100"), ("TINY", "1e-300", "536870912", "1e-300", "1e308"),
            ("ONE", "1", "536870912", "0.001", "1e8"),
        ]
        for (number, (process, memory, peak, cpus, percent)) in rows.enumerated() {
            let trace = """
                {"task_id":\(number),"process":"\(process)","status":"COMPLETED","attempt":1,"memory":\(memory),\
                "peak_rss":\(peak),"cpus":\(cpus),"%cpu":\(percent),"realtime":-5}
                """
            let event = """
                {"runId":"r","runName":"n","event":"process_completed","utcTime":"2026-01-01T00:00:00Z",\
                "trace":\(trace)}
                """
            #expect(try client.post("/telemetry", json: event).status == 200)
        }
        let summary = try client.get("/metrics/processes/summary?min_samples=1").text
        #expect(summary.contains(#""memory_efficiency_pct":50.0"#), "\(summary)")
        let resources = try client.get("/metrics/processes/resources-by-attempt?min_samples=1&process=GOOD")
            .text
        #expect(resources.contains(#""avg_cpu_efficiency_pct":50"#), "\(resources)")
        let metrics = try client.get("/metrics").text
        #expect(metrics.contains(#"weir_nextflow_task_memory_efficiency_ratio_sum{process="GOOD"} 1"#))
        for process in ["NEG", "TINY", "ONE"] {
            #expect(
                !metrics.contains(#"weir_nextflow_task_memory_efficiency_ratio_sum{process="\#(process)"}"#)
            )
        }
        #expect(!metrics.contains("_duration_seconds_sum{process="))
        await weir.stop()
    }
}
