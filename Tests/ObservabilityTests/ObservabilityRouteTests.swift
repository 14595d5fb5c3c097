import API
import Core
import HTTP
import HTTPServer
import Metrics
import Testing

@testable import Observability

@Suite struct `Observability routes` {
    @Test(arguments: [DatabaseHealth.connected, .unknown, .failed("cannot be reached")])
    func `main health is 200 whatever PostgreSQL does, with the members of all surfaces`(
        health: DatabaseHealth
    ) async throws {
        let response = try await ask("/health", health: health)
        #expect(response.status == .ok)
        #expect(
            response.text == """
                {"status":"ok","message":"App Started","database":"\(health.text)","service":"weir",\
                "version":"1.2.3","db_path":"postgresql","journal_mode":"DELETE","synchronous":"FULL"}
                """
        )
    }

    @Test func `the nextflow listener profile answers as the reference does while PostgreSQL is there`()
        async throws
    {
        let response = try await ask("/health", profile: "nextflow", health: .connected)
        #expect(response.status == .ok)
        #expect(
            response.text == #"{"message":"App Started","status":"Healthy","database":"Connected"}"#
        )
    }

    @Test func `the nextflow listener profile wraps its 503 in detail`() async throws {
        let response = try await ask("/health", profile: "nextflow", health: .failed("cannot be reached"))
        #expect(response.status == .serviceUnavailable)
        #expect(
            response.text == """
                {"detail":{"message":"App Started","status":"Unhealthy","database":"Error: cannot be reached"}}
                """
        )
    }

    @Test func `the runs listener profile says what its clients insist on`() async throws {
        let health = try await ask("/health", profile: "runs")
        #expect(
            health.text == """
                {"status":"ok","version":"3.0.0","db_path":"postgresql","journal_mode":"DELETE",\
                "synchronous":"FULL"}
                """
        )
        #expect(try await ask("/version", profile: "runs").text == #"{"version":"3.0.0"}"#)
    }

    @Test func `the metrics listener profile says no more than that it lives`() async throws {
        #expect(try await ask("/health", profile: "metrics").text == "ok")
    }

    @Test func `ready is 200 when all checks are, and 503 with advice when one is not`() async throws {
        let well = ReadinessCheck("disk", isReady: true, "Half full.")
        let ill = ReadinessCheck("postgresql", isReady: false, "Away.", advice: "Look.")
        let ready = try await ask("/ready", checks: [well])
        #expect(ready.status == .ok)
        #expect(ready.text == #"{"status":"ready","checks":[{"name":"disk","ok":true,"why":"Half full."}]}"#)
        let notReady = try await ask("/ready", checks: [well, ill])
        #expect(notReady.status == .serviceUnavailable)
        #expect(
            notReady.text == """
                {"status":"not ready","checks":[{"name":"disk","ok":true,"why":"Half full."},\
                {"name":"postgresql","ok":false,"why":"Away.","advice":"Look."}]}
                """
        )
    }

    @Test(
        arguments: [
            (nil, "text/plain; version=0.0.4; charset=utf-8"),
            ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
            ("text/html, image/gif, *; q=.2, */*; q=.2", "text/plain; version=0.0.4; charset=utf-8"),
            (
                "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
                "application/openmetrics-text; version=1.0.0; charset=utf-8"
            ),
            ("application/json", "application/json"),
            ("application/json, text/plain;q=0.5", "application/json"),
        ] as [(String?, String)]
    )
    func `metrics come as Accept prefers`(accept: String?, contentType: String) async throws {
        let response = try await ask("/metrics", accept: accept)
        #expect(response.status == .ok)
        #expect(response.fields["Content-Type"] == contentType)
        #expect(response.text.contains("weir_test_total"))
    }

    @Test func `metrics as JSON are numbers by series`() async throws {
        let response = try await ask("/metrics", accept: "application/json")
        #expect(
            response.text == """
                {"weir_test_seconds_sum":0.5,"weir_test_seconds_count":1.0,\
                "weir_test_total{kind=\\"a\\"}":2.0}
                """
        )
    }

    @Test func `the root says where things are, unless a feature has the root`() async throws {
        let page = try await ask("/")
        #expect(page.text.contains("POST /telemetry"))
        #expect(
            try JSONDocument(Array(try await ask("/", accept: "application/json").text.utf8)).root["routes"]
                != nil
        )
        let taken = Self.other(.get, "/")
        let routes = ObservabilityRoutes.make().routes(describing: [taken])
        #expect(!routes.contains { $0.path == "/" })
    }

    @Test func `describes itself and the routes beside it`() async throws {
        let routes = ObservabilityRoutes.make().routes(describing: [Self.other(.post, "/telemetry")])
        let response = try await answer(routes, "/openapi.json")
        let paths = try JSONDocument(Array(response.text.utf8)).root["paths"]?.members.map { $0.key.string }
        #expect(paths?.contains("/telemetry") == true)
        #expect(paths?.contains("/openapi.json") == true)
        #expect(paths?.contains("/health") == true)
    }

    private static func other(_ method: HTTP.Method, _ path: String) -> Endpoint {
        Endpoint(
            method,
            path,
            scope: nil,
            documentation: EndpointDocumentation(tag: "Test", summary: "A test.", answers: []),
            handler: .async { _ in .text("here") }
        )
    }
}
