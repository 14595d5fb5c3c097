import API
import Configuration
import Core
import FeatureTestKit
import HTTP
import Ingest
import Journal
import OpenTelemetry
import Postgres
import TestKit
import Testing

@testable import Traces

@Suite("Received spans")
struct SpanReceivingTests {
    static let trace = TraceID(wire: "4bf92f3577b34da6a3ce929d0e0e4736")!

    static func span(
        _ id: UInt64,
        parent: UInt64? = nil,
        _ name: String = "work",
        start: UInt64 = 1_795_212_813_000_000_001,
        end: UInt64 = 1_795_212_814_000_000_002
    ) -> Span {
        var span = Span(
            traceID: trace,
            spanID: SpanID(id)!,
            parentID: parent.flatMap { SpanID($0) },
            name: name,
            kind: .server,
            start: start,
            end: end
        )
        span.attributes = [Attribute("http.route", "/x")]
        return span
    }

    static func request(_ spans: Span...) -> [UInt8] {
        TraceRequest.encode([
            SpanBatch(resource: [Attribute("service.name", "shop")], scope: .init(name: "sdk"), spans: spans)
        ])
    }

    @Test func `come in protobuf and JSON, and are shown as a tree`() async throws {
        let harness = try FeatureHarness(.traces(of: []))
        var failed = Self.span(3, parent: 2, "query")
        failed.status = .init(.error, "timeout")
        let first = try await harness.send(
            .post,
            "/v1/traces",
            bytes: Self.request(Self.span(2, parent: 1, "child"), failed),
            fields: ["Content-Type": "application/x-protobuf"]
        )
        #expect(first.status == 200)
        #expect(first.text == "")
        #expect(first.fields["Content-Type"] == "application/x-protobuf")
        let second = try await harness.send(
            .post,
            "/v1/traces",
            bytes: TraceRequest.json([
                SpanBatch(
                    resource: [Attribute("service.name", "web")],
                    scope: .init(),
                    spans: [Self.span(1, "root")]
                )
            ]),
            fields: ["Content-Type": "application/json; charset=utf-8"]
        )
        #expect(second.text == "{}")
        #expect(second.fields["Content-Type"] == "application/json")

        let shown = try await harness.send(.get, "/observability/traces/\(Self.trace)")
        #expect(shown.status == 200)
        let spans = try shown.json["spans"].map { Array($0.elements) } ?? []
        #expect(spans.map { $0["name"]?.string } == ["root", "child", "query"])
        #expect(spans.map { $0["depth"]?.int64 } == [0, 1, 2])
        #expect(spans.map { $0["service"]?.string } == ["web", "shop", "shop"])
        #expect(spans.map { $0["status"]?.string } == ["unset", "unset", "error"])
        #expect(spans[0]["start"]?.string == "2026-11-20T22:13:33.000000Z")
        #expect(spans[2]["statusMessage"]?.string == "timeout")
        #expect(spans[1]["attributes"]?["http.route"]?.string == "/x")
        let raw = try await harness.send(.get, "/api/observability/traces/\(Self.trace)?format=otlp")
        let decoded = try TraceRequest.decode(json: Array(raw.text.utf8))
        #expect(
            decoded.batches.flatMap(\.spans).map(\.start)
                == Array(repeating: 1_795_212_813_000_000_001, count: 3)
        )
    }

    @Test func `are refused when they are none`() async throws {
        let harness = try FeatureHarness(.traces(of: []))
        func post(_ bytes: [UInt8], _ type: String) async throws -> FeatureHarness.Answer {
            try await harness.send(.post, "/v1/traces", bytes: bytes, fields: ["Content-Type": type])
        }
        #expect(try await post([0xFF, 0xFF], "application/x-protobuf").status == 400)
        let json = try await post(Array("{".utf8), "application/json")
        #expect(json.status == 400)
        #expect(try json.json["code"]?.int64 == 3)
        #expect(try await post([], "text/plain").status == 415)
        #expect(try await post([], "application/x-protobuf").status == 200)
        #expect(try await post(Array("{}".utf8), "application/json").text == "{}")
        // A span without an id is rejected, the other one is kept.
        let mixed = #"""
            {"resourceSpans":[{"scopeSpans":[{"spans":[
            {"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"0000000000000001","name":"a",
            "startTimeUnixNano":"1","endTimeUnixNano":"2"},
            {"traceId":"","spanId":"0000000000000002","name":"b"}]}]}]}
            """#
        let partial = try await post(Array(mixed.utf8), "application/json")
        #expect(try partial.json["partialSuccess"]?["rejectedSpans"]?.string == "1")
        #expect(
            try await harness.send(.get, "/observability/traces/\(Self.trace)").json["spanCount"]?.int64 == 1
        )
        #expect(try await harness.send(.get, "/observability/traces/nonsense").status == 400)
        #expect(try await harness.send(.get, "/observability/traces/\(TraceID.random())").status == 404)
    }

    @Test func `meet in any order`() throws {
        let lines = [
            Self.request(Self.span(1, "early", end: 1_795_212_814_000_000_000), Self.span(2)),
            Self.request(Self.span(1, "late", end: 1_795_212_815_000_000_000)),
            Self.request(Self.span(1, "late too", end: 1_795_212_815_000_000_000), Self.span(2)),
        ].enumerated().map { index, message in
            JournalLine(
                seq: Int64(index + 1),
                at: Timestamp(iso8601: "2026-11-20T22:13:40Z")!,
                kind: SpanLine.kind,
                body: SpanLine.body(message, .protobuf)
            )
        }
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
        let found = try orders.map { order in
            let database = try TemporaryDatabase.withSchema()
            try Connection.withTemporary(database.target) { connection in
                for index in order {
                    let projection = SpansProjection()
                    var elements = try projection.decode(lines[index], journal: .random())
                    try projection.apply(stage: 0, to: &elements, on: connection)
                }
            }
            return try database.rows("SELECT span_id, name, end_ns, digest FROM span ORDER BY span_id")
        }
        #expect(Set(found).count == 1)
        #expect(found[0].count == 2)
        #expect(found[0][0].contains("late"))
    }

    @Test func `are shown up to a number of bytes`() throws {
        let database = try TemporaryDatabase.withSchema()
        let message = Self.request(Self.span(1), Self.span(2), Self.span(3))
        let line = JournalLine(
            seq: 1,
            at: Timestamp(iso8601: "2026-11-20T22:13:40Z")!,
            kind: SpanLine.kind,
            body: SpanLine.body(message, .protobuf)
        )
        let found = try Connection.withTemporary(database.target) { connection in
            var elements = try SpansProjection().decode(line, journal: .random())
            try SpansProjection().apply(stage: 0, to: &elements, on: connection)
            return try [1, 2, 4].map { part in
                try SpanStore.spans(
                    of: Self.trace,
                    atMost: 9,
                    bytes: message.count / 3 * part,
                    on: connection
                )
            }
        }
        #expect(found.map { $0.batches.flatMap(\.spans).count } == [1, 2, 3])
        #expect(found.map(\.isCut) == [true, true, false])
    }

    /// A sender names its resource once for thousands of spans.
    @Test func `keep of a large resource what fits, and the name of the service`() throws {
        let size = SpansProjection.mostShared
        let resource = [
            Attribute("fits", String(repeating: "a", count: size / 2)),
            Attribute("does not", String(repeating: "b", count: size)),
            Attribute("small", "c"), Attribute("service.name", "shop"),
        ]
        let message = TraceRequest.encode([
            SpanBatch(resource: resource, scope: .init(name: "sdk"), spans: [Self.span(1), Self.span(2)])
        ])
        let line = JournalLine(
            seq: 1,
            at: Timestamp(iso8601: "2026-11-20T22:13:40Z")!,
            kind: SpanLine.kind,
            body: SpanLine.body(message, .protobuf)
        )
        let elements = try SpansProjection().decode(line, journal: .random())
        #expect(
            elements.map { $0.resource.map(\.key) } == [
                ["service.name", "fits", "small"], ["service.name", "fits", "small"],
            ]
        )
        #expect(elements.map(\.service) == ["shop", "shop"])
    }

    @Test func `are refused with too many values, and a trace of any size is read in part`() async throws {
        var settings = SettingValues()
        settings[SharedSettings.mostValues] = 1000
        settings[TracesSettings.mostShown] = 2
        let harness = try FeatureHarness(.traces(of: []), settings: settings)
        func post(_ bytes: [UInt8]) async throws -> FeatureHarness.Answer {
            try await harness.send(
                .post,
                "/v1/traces",
                bytes: bytes,
                fields: ["Content-Type": "application/x-protobuf"]
            )
        }
        var wide = Self.span(1)
        wide.events = (0..<600).map { Span.Event(time: $0, name: "", attributes: [Attribute("a", "b")]) }
        let refused = try await post(Self.request(wide))
        #expect(refused.status == 400)
        #expect(refused.text.contains("more than 1000 values: send smaller batches"))
        let spans = (1...30).map { Self.span(UInt64($0), "s\($0)") }
        let message = TraceRequest.encode([SpanBatch(resource: [], scope: .init(), spans: spans)])
        #expect(try await post(message).status == 200)
        let shown = try await harness.send(.get, "/observability/traces/\(Self.trace)").json
        #expect(shown["spans"].map { $0.elements.map { $0["name"]?.string } } == ["s1", "s2"])
    }

    @Test func `with circles and without parents are shown all the same`() {
        let tree = TraceTree([
            SpanBatch(
                resource: [],
                scope: .init(),
                spans: [
                    Self.span(1, parent: 2, "a"), Self.span(2, parent: 1, "b"),
                    Self.span(3, parent: 3, "own"),
                    Self.span(4, parent: 99, "lost"), Self.span(5, parent: 4, "child"),
                ]
            )
        ])
        #expect(
            tree.nodes.map { "\($0.span.name) \($0.depth)" } == ["own 0", "lost 0", "child 1", "a 0", "b 1"]
        )
    }
}
