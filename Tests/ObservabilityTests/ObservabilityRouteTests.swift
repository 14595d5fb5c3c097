import Core
import HTTP
import HTTPServer
import Ingest
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
        #expect(try await ask("/health", profile: "metrics").text == #"{"status":"ok"}"#)
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
        let taken = Route.make(.get, "/")
        let routes = ObservabilityRoutes.make().routes(describing: [taken])
        #expect(!routes.contains { $0.pattern == "/" })
    }
}

@Suite struct `OpenAPI description` {
    private func describe(_ routes: [Route]) throws -> JSONNode {
        try JSONDocument(OpenAPIDocument(routes: routes, version: "1.2.3").bytes).root
    }

    @Test func `names the version of the format and of Weir`() throws {
        let document = try describe([])
        #expect(document["openapi"]?.string == "3.1.0")
        #expect(document["info"]?["version"]?.string == "1.2.3")
    }

    @Test func `has an operation for each method of a path, with the parameters of path and query`() throws {
        let document = try describe([
            .make(
                .get,
                "/api/runs/{id}",
                scope: .read,
                parameters: [.integer("limit", 1...9, default: 3, "How many.")]
            ),
            .make(.delete, "/api/runs/{id}", scope: .admin),
            .make(.get, "/files/{path...}"),
        ])
        let item = document["paths"]?["/api/runs/{id}"]
        #expect(item?["delete"]?["operationId"]?.string == "deleteApiRunsId")
        let parameters = item?["get"]?["parameters"]?.elements.map { $0["name"]?.string }
        #expect(parameters == ["id", "limit"])
        let limit = item?["get"]?["parameters"]?.elements.first { $0["name"]?.string == "limit" }?["schema"]
        #expect(
            limit.map { String(decoding: $0.rawBytes, as: UTF8.self) }
                == #"{"type":"integer","minimum":1,"maximum":9,"default":3}"#
        )
        #expect(
            document["paths"]?["/files/{path}"]?["get"]?["parameters"]?.elements.first { _ in true } != nil
        )
    }

    @Test func `asks for a token where there is a scope, and for none where there is not`() throws {
        let document = try describe([.make(.get, "/a", scope: .read), .make(.get, "/b")])
        let guarded = document["paths"]?["/a"]?["get"]?["security"]?.elements.map {
            $0.members.map { $0.key.string }
        }
        #expect(guarded == [["bearer"], ["basic"], ["apiKey"]])
        #expect(document["paths"]?["/b"]?["get"]?["security"]?.elements.map { $0.kind }.isEmpty == true)
    }

    @Test func `says what is posted and what is answered, and with which status`() throws {
        var text = APIType.text
        (text.shortest, text.longest) = (1, 9)
        let note = APISchema(
            "Note",
            [.init("text", text), .init("kind", APIType.word(["a"]).orNull, isRequired: false)]
        )
        let route = Route(
            .post,
            "/notes",
            scope: .ingest,
            documentation: RouteDocumentation(
                tag: "Notes",
                summary: "Takes a note.",
                request: .named(note),
                answers: [
                    APIAnswer(201, "It is taken.", .list(.named(note)), headers: [.lagLines]),
                    .refusal(507, "There is no room.", headers: [.retryAfter]),
                ]
            ),
            handler: .async { _ in Response(status: .created) }
        )
        let document = try describe([route])
        let operation = document["paths"]?["/notes"]?["post"]
        let reference = "#/components/schemas/Note"
        let posted = operation?["requestBody"]?["content"]?["application/json"]?["schema"]
        #expect(posted?["$ref"]?.string == reference)
        let answered = operation?["responses"]?["201"]?["content"]?["application/json"]?["schema"]
        #expect(answered?["items"]?["$ref"]?.string == reference)
        let statuses = operation?["responses"]?.members.compactMap { $0.key.string }
        #expect(statuses == ["201", "400", "401", "403", "413", "415", "507", "default"])
        let refusal = operation?["responses"]?["507"]
        #expect(
            refusal?["content"]?["application/json"]?["schema"]?["$ref"]?.string
                == "#/components/schemas/Error"
        )
        #expect(refusal?["headers"]?["Retry-After"]?["schema"]?["minimum"]?.int64 == 0)
        #expect(
            refusal?["headers"]?["X-Request-Id"]?["$ref"]?.string == "#/components/headers/X-Request-Id"
        )
        let schema = document["components"]?["schemas"]?["Note"]
        #expect(schema?["required"].map { String(decoding: $0.rawBytes, as: UTF8.self) } == #"["text"]"#)
        let described = schema?["properties"]?["text"].map { String(decoding: $0.rawBytes, as: UTF8.self) }
        #expect(described == #"{"type":"string","minLength":1,"maxLength":9}"#)
        let kind = schema?["properties"]?["kind"].map { String(decoding: $0.rawBytes, as: UTF8.self) }
        #expect(kind == #"{"type":["string","null"],"enum":["a",null]}"#)
    }

    @Test func `describes itself and the routes beside it`() async throws {
        let routes = ObservabilityRoutes.make().routes(describing: [.make(.post, "/telemetry")])
        let response = try await answer(routes, "/openapi.json")
        let paths = try JSONDocument(Array(response.text.utf8)).root["paths"]?.members.map { $0.key.string }
        #expect(paths?.contains("/telemetry") == true)
        #expect(paths?.contains("/openapi.json") == true)
        #expect(paths?.contains("/health") == true)
    }
}
