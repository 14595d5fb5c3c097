import Core
import Foundation
import HTTP
import Nextflow
import TestKit
import Testing

@testable import Traces
@testable import WeirApp

/// A collector in another process, which decodes with OpenTelemetry's own definitions.
// safe: made once; only the lines change, behind the lock.
private final class Collector: @unchecked Sendable {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private let lock = NSLock()
    private var buffer = Data()
    private var lines: [String] = []

    /// A Python that has the packages; nil without one. `scripts/test` makes it.
    static let python = ProcessInfo.processInfo.environment["WEIR_TEST_OPENTELEMETRY"].flatMap {
        FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil
    }

    init(refusing count: Int = 0) throws {
        process.executableURL = URL(fileURLWithPath: try #require(Self.python))
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "Fixtures/collector.py"
        )
        process.arguments = [script.path, "--refuse", String(count)]
        process.standardInput = input
        process.standardOutput = output
        output.fileHandleForReading.readabilityHandler = { [weak self] handle in
            self?.take(handle.availableData)
        }
        try process.run()
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.terminate()
    }

    private func take(_ data: Data) {
        lock.withLock {
            buffer.append(data)
            while let end = buffer.firstIndex(of: 10) {
                lines.append(String(decoding: buffer[..<end], as: UTF8.self))
                buffer = Data(buffer[(end + 1)...])
            }
        }
    }

    private var received: [String] { lock.withLock { lines } }

    /// The port of a way, `grpc` or `http`.
    func port(_ way: String) async throws -> Int64 {
        try await eventually { !received.isEmpty }
        return try #require(try JSONDocument(Array(received[0].utf8)).root[way]?.int64)
    }

    /// The requests with traces or metrics.
    func requests(_ kind: String) throws -> [JSONNode] {
        try received.dropFirst().map { try JSONDocument(Array($0.utf8)).root }.filter {
            $0["kind"]?.string == kind
        }
    }

    private func elements(_ list: JSONNode?) -> [JSONNode] { list.map { Array($0.elements) } ?? [] }

    /// The spans of a service, each with the node of the span.
    func spans(of service: String) throws -> [JSONNode] {
        try requests("traces").flatMap { elements($0["request"]?["resourceSpans"]) }
            .filter { resource in
                resource["resource"]?["attributes"]?.elements.contains {
                    $0["key"]?.string == "service.name" && $0["value"]?["stringValue"]?.string == service
                } == true
            }
            .flatMap { elements($0["scopeSpans"]) }
            .flatMap { elements($0["spans"]) }
    }
}

@Suite(
    "Export to a collector",
    .serialized,
    .enabled(
        if: Collector.python != nil,
        "there is no Python with OpenTelemetry's packages (scripts/test makes one)"
    )
)
struct OTLPExportTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .appending(path: "NextflowTests/Fixtures")

    /// The first two requests are refused, so that the run is exported in spite of that.
    @Test(arguments: ["grpc", "http"])
    func `has the whole tree of a recorded run, to the microsecond`(way: String) async throws {
        let collector = try Collector(refusing: 2)
        let port = try await collector.port(way)
        let weir = try await EmbeddedServer.start { settings in
            // The run was recorded some time ago, and history tells nobody anything.
            settings[NextflowSettings.alertsWithin] = .seconds(86_400 * 3650)
            settings[TracesSettings.endpoint] = "127.0.0.1:\(port)"
            settings[TracesSettings.transport] = way
            settings[TracesSettings.headers] = "x-scope=lab"
            settings[TracesSettings.compression] = way == "http" ? "gzip" : "none"
            settings[TracesSettings.settling] = .zero
            settings[TracesSettings.batchSize] = 8
            settings[TracesSettings.scheduleDelay] = 100
            settings[TracesSettings.metricsExporter] = "otlp"
            settings[TracesSettings.metricInterval] = 1000
        }
        let client = try weir.client()
        let file = Self.fixtures.appending(path: "nextflow_plugin_23.10.ndjson")
        for body in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            let answer = try client.post("/telemetry", json: String(body))
            #expect(answer.status == 200)
        }
        let expected = try String(
            contentsOf: Self.fixtures.appending(path: "nextflow_plugin_23.10.spans"),
            encoding: .utf8
        ).split(separator: "\n").map(String.init)
        try await eventually { try collector.spans(of: "main.nf").count >= expected.count }
        #expect(Self.tree(try collector.spans(of: "main.nf")) == expected)
        let request = try #require(try collector.requests("traces").first)
        #expect(request["way"]?.string == way)
        #expect(request["fields"]?["x-scope"]?.string == "lab")

        // Weir's own spans, and its metrics.
        try await eventually {
            try collector.spans(of: "weir").contains { $0["name"]?.string == "POST /telemetry" }
                && collector.spans(of: "weir").contains { $0["name"]?.string == "load nextflow" }
        }
        try await eventually { try !collector.requests("metrics").isEmpty }
        if way == "grpc" { try await Self.testIntegration(client, collector, port) }
        await weir.stop()
    }

    /// The test of an integration calls the collector as the exporter does, with nothing to store.
    private static func testIntegration(
        _ client: HTTPTestClient,
        _ collector: Collector,
        _ port: Int64
    ) async throws {
        let config = #"{"endpoint":"127.0.0.1:\#(port)","protocol":"grpc","headers":{"X-Test":"lab"}}"#
        let saved = try client.post(
            "/observability/config",
            json: #"{"type":"opentelemetry","config":\#(config)}"#
        )
        #expect(saved.status == 200)
        let answer = try client.post("/observability/test", json: #"{"type":"opentelemetry"}"#)
        #expect(answer.text.hasPrefix(#"{"success":true,"message":"Connection established successfully""#))
        try await eventually {
            try collector.requests("traces").contains { call in
                call["fields"]?["x-test"]?.string == "lab" && call["request"]?["resourceSpans"] == nil
            }
        }
    }

    /// Lines as the golden has them, a span below its parent.
    private static func tree(_ spans: [JSONNode]) -> [String] {
        let codes = ["STATUS_CODE_OK": "ok", "STATUS_CODE_ERROR": "error"]
        func lines(below parent: String?, _ indent: String) -> [String] {
            spans.filter { $0["parentSpanId"]?.string == parent }.flatMap { span in
                let bounds = ["startTimeUnixNano", "endTimeUnixNano"].map {
                    (span[$0]?.string ?? "").dropLast(3)
                }
                let status = span["status"]?["code"]?.string.flatMap { codes[$0] } ?? "unset"
                return ["\(indent)\(span["name"]?.string ?? "") \(bounds[0])…\(bounds[1]) \(status)"]
                    + lines(below: span["spanId"]?.string, indent + "  ")
            }
        }
        return lines(below: nil, "")
    }
}
