import Core
import Foundation
import HTTPServer
import TestKit
import Testing

@testable import WeirApp

/// The official SDK of OpenTelemetry for Python, as PyPI has it: run by `python3`, or by the Python that
/// `WEIR_TEST_OPENTELEMETRY` names, which scripts/test does.
private enum OpenTelemetrySDK {
    static let python = ProcessInfo.processInfo.environment["WEIR_TEST_OPENTELEMETRY"] ?? "/usr/bin/python3"
    static let isInstalled =
        run("import opentelemetry.sdk.metrics, opentelemetry.exporter.otlp.proto.http", [:]).code == 0

    /// Runs a program; returns what it printed, errors included.
    static func run(_ program: String, _ environment: [String: String]) -> (code: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = ["-c", program]
        process.environment = environment.merging(["HOME": NSTemporaryDirectory(), "TZ": "UTC"]) { $1 }
        let output = Pipe()
        (process.standardOutput, process.standardError) = (output, output)
        process.standardInput = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return (-1, "there is no \(python)") }
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: text, as: UTF8.self))
    }

    /// What its documentation shows, with every instrument once; the environment says where to.
    static let program = """
        from opentelemetry import metrics, trace
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        traces = TracerProvider()
        traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(traces)
        meters = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())])
        metrics.set_meter_provider(meters)

        tracer = trace.get_tracer("test.tracer", "1.0")
        meter = metrics.get_meter("test.meter", "2.0")
        with tracer.start_as_current_span("outer", attributes={"sample": "a"}) as outer:
            with tracer.start_as_current_span("inner"):
                meter.create_counter("jobs.done", unit="{job}").add(3, {"queue": "fast"})
                meter.create_up_down_counter("jobs.open").add(-2)
                meter.create_gauge("disk.free", unit="By").set(12.5)
                meter.create_histogram("job.duration", unit="s").record(7)
            print(format(outer.get_span_context().trace_id, "032x"))
        meters.shutdown()
        traces.shutdown()
        """
}

@Suite(
    "The SDK of OpenTelemetry for Python",
    .enabled(
        if: OpenTelemetrySDK.isInstalled,
        "needs opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http of PyPI in the Python of WEIR_TEST_OPENTELEMETRY"
    )
)
struct OpenTelemetrySDKTests {
    @Test(arguments: ["none", "gzip"])
    func `exports its metrics and traces into Weir unchanged`(compression: String) async throws {
        let weir = try await EmbeddedServer.start()
        let port = weir.server.addresses.first { $0.profile == nil }?.port ?? 0
        let (code, output) = OpenTelemetrySDK.run(
            OpenTelemetrySDK.program,
            [
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:\(port)", "OTEL_SERVICE_NAME": "python-jobs",
                "OTEL_EXPORTER_OTLP_COMPRESSION": compression,
                "OTEL_RESOURCE_ATTRIBUTES": "service.namespace=lab",
            ]
        )
        // Its exporters log what a server did not take.
        let trace = output.trimmingCharacters(in: .whitespacesAndNewlines)
        try #require(code == 0 && trace.wholeMatch(of: /[0-9a-f]{32}/) != nil, "\(output)")
        let client = try weir.client()

        let stored = try JSONDocument(client.get("/api/metrics/query?component_name=python-jobs").body).root
        let values = stored["metrics"].map { Array($0.elements) } ?? []
        let expected = [
            "jobs_done_total": 3.0, "jobs_open": -2, "disk_free_bytes": 12.5, "job_duration_seconds_count": 1,
            "job_duration_seconds_sum": 7, "target_info": 1,
        ]
        for (name, value) in expected {
            let sample = values.first { $0["metric_name"]?.string == name }
            #expect(sample?["metric_value"]?.double == value, "\(name)")
            #expect(sample?["labels"]?["service_namespace"]?.string == "lab", "\(name)")
        }
        let counter = values.first { $0["metric_name"]?.string == "jobs_done_total" }
        #expect(counter?["metric_type"]?.string == "counter")
        #expect(counter?["labels"]?["queue"]?.string == "fast")
        #expect(counter?["labels"]?["otel_scope_name"]?.string == "test.meter")
        let buckets = values.filter { $0["metric_name"]?.string == "job_duration_seconds_bucket" }
        let counts = Dictionary(
            uniqueKeysWithValues: buckets.map {
                ($0["labels"]?["le"]?.string ?? "", $0["metric_value"]?.double ?? -1)
            }
        )
        #expect(counts["5"] == 0)
        #expect(counts["10"] == 1)
        #expect(counts["+Inf"] == 1)

        let shown = try JSONDocument(client.get("/observability/traces/\(trace)").body).root
        let spans = shown["spans"].map { Array($0.elements) } ?? []
        #expect(spans.map { $0["name"]?.string } == ["outer", "inner"])
        #expect(spans.map { $0["service"]?.string } == ["python-jobs", "python-jobs"])
        #expect(spans.first?["attributes"]?["sample"]?.string == "a")
        await weir.stop()
    }
}
