import Core
import Foundation
import Testing

@testable import OpenTelemetry

/// The fixtures are written by the official definitions, see Fixtures/make.py; opentelemetry-proto 1.x.
@Suite("OTLP")
struct OTLPTests {
    private static let spanFields = "\"traceId\":\"\(OTLPFixture.trace)\",\"spanId\":\"\(OTLPFixture.span)\""

    private func spans(_ members: String, limits: OTLPLimits = OTLPLimits()) throws -> TraceRequest.Decoded {
        let json = #"{"resourceSpans":[{"scopeSpans":[{"spans":[{"# + members + "}]}]}]}"
        return try TraceRequest.decode(json: Array(json.utf8), limits: limits)
    }

    // MARK: - Against the official definitions

    @Test func `reads spans as the official definitions write them`() throws {
        let protobuf = try TraceRequest.decode(protobuf: OTLPFixture.hex("traces"))
        let json = try TraceRequest.decode(json: OTLPFixture.bytes("traces.json"))
        #expect(protobuf.batches == OTLPFixture.traces)
        #expect(json == protobuf)
        #expect(protobuf.rejected == 0 && protobuf.message.isEmpty)
    }

    @Test func `reads metrics as the official definitions write them`() throws {
        #expect(try MetricsRequest.decode(protobuf: OTLPFixture.hex("metrics")) == OTLPFixture.metrics)
        #expect(try MetricsRequest.decode(json: OTLPFixture.bytes("metrics.json")) == OTLPFixture.metrics)
    }

    /// What the model does not have (schema URLs, what a resource dropped) is missing; else it is the same document.
    @Test(arguments: ["traces", "metrics"])
    func `writes the JSON of the official definitions`(name: String) throws {
        let written =
            name == "traces"
            ? TraceRequest.json(OTLPFixture.traces) : MetricsRequest.json(OTLPFixture.metrics)
        let theirs = String(decoding: try OTLPFixture.bytes("\(name).json"), as: UTF8.self)
            .replacing(#", "schemaUrl": "https://example.org""#, with: "")
            .replacing(#""droppedAttributesCount": 7"#, with: "")
            .replacing("], }", with: "]}")
        // An empty scope may be left out.
        let ours = String(decoding: written, as: UTF8.self).replacing(#""scope":{},"#, with: "")
        let expected = try JSONSerialization.jsonObject(with: Data(theirs.utf8)) as? NSDictionary
        let isSame = try JSONSerialization.jsonObject(with: Data(ours.utf8)) as? NSDictionary == expected
        #expect(isSame, "\(ours)")
    }

    @Test func `writes protobuf that reads as what was written`() throws {
        #expect(
            try TraceRequest.decode(protobuf: TraceRequest.encode(OTLPFixture.traces)).batches
                == OTLPFixture.traces
        )
        #expect(
            try MetricsRequest.decode(protobuf: MetricsRequest.encode(OTLPFixture.metrics))
                == OTLPFixture.metrics
        )
    }

    @Test func `writes the bytes of the official definitions`() throws {
        let metrics = MetricsRequest.encode(OTLPFixture.metrics)
        #expect(try metrics == OTLPFixture.hex("metrics"), "\(Hex.encode(metrics))")
        let theirs = Hex.encode(try OTLPFixture.hex("traces"))
        for batch in OTLPFixture.traces {
            let ours = Hex.encode(TraceRequest.encode([batch]))
            // From the id of the trace to the end: a schema URL and the like lie before and after it.
            let start = try #require(ours.firstRange(of: "0a100102")).lowerBound
            #expect(theirs.contains(ours[start...]))
        }
    }

    @Test func `batches of one resource share a part of the request`() throws {
        let (first, second) = (OTLPFixture.traces[0], OTLPFixture.traces[1])
        var other = second
        other.resource = []
        let decoded = try TraceRequest.decode(protobuf: TraceRequest.encode([first, other, second])).batches
        #expect(decoded == [first, second, other])
    }

    // MARK: - JSON

    @Test(arguments: [
        #""kind":"SPAN_KIND_SERVER""#, #""kind":2"#, #""kind":2.0"#, #""kind":null,"kind":2"#,
    ])
    func `takes enumerations as numbers and names`(member: String) throws {
        #expect(try spans("\(Self.spanFields),\(member)").batches[0].spans[0].kind == .server)
    }

    @Test(arguments: ["5", "\"5\"", "5.0", "5e0"])
    func `takes 64-bit integers as numbers and strings`(number: String) throws {
        let members =
            "\(Self.spanFields),\"endTimeUnixNano\":\(number),\"droppedLinksCount\":\(number),"
            + #""attributes":[{"key":"n","value":{"intValue":\#(number)}}]"#
        let span = try spans(members).batches[0].spans[0]
        #expect(span.end == 5 && span.droppedLinks == 5 && span.attributes == [Attribute("n", .int(5))])
    }

    @Test func `takes ids of either case, ignores members that it does not know, and null`() throws {
        let decoded = try spans(
            #""traceId":"0102030405060708090A0B0C0D0E0F10","spanId":"A1A2A3A4A5A6A7A8","parentSpanId":"","#
                + #""name":null,"future":[{"x":1}],"TraceId":"1""#
        )
        let expected = Span(
            traceID: OTLPFixture.trace,
            spanID: OTLPFixture.span,
            name: "",
            kind: .unspecified,
            start: 0,
            end: 0
        )
        #expect(decoded.batches[0].spans == [expected])
    }

    @Test(arguments: [
        (#""NaN""#, Double.nan), (#""Infinity""#, .infinity), (#""-1.5e3""#, -1500), ("1e400", .infinity),
    ])
    func `takes doubles as numbers, strings and names`(value: String, expected: Double) throws {
        let attributes = #""attributes":[{"key":"d","value":{"doubleValue":\#(value)}}]"#
        guard value != "1e400" else {
            #expect(throws: OTLPError.member("doubleValue")) {
                try spans("\(Self.spanFields),\(attributes)")
            }
            return
        }
        guard
            case .double(let number) = try spans("\(Self.spanFields),\(attributes)").batches[0].spans[0]
                .attributes[0].value
        else {
            Issue.record("no double")
            return
        }
        #expect(number == expected || (number.isNaN && expected.isNaN))
    }

    @Test(arguments: [
        ("[]", OTLPError.json("it is no object")),
        ("{", .json("Expecting property name enclosed in double quotes: line 1 column 2 (char 1)")),
        (#"{"resourceSpans":{}}"#, .member("resourceSpans")),
        (#"{"resourceSpans":[1]}"#, .member("resourceSpans")),
        (#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":1}]}]}]}"#, .member("name")),
        (#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":1}]}]}]}"#, .member("traceId")),
        (
            #"{"resourceSpans":[{"scopeSpans":[{"spans":[{"endTimeUnixNano":"x"}]}]}]}"#,
            .member("endTimeUnixNano")
        ),
        (
            #"{"resourceSpans":[{"scopeSpans":[{"spans":[{"endTimeUnixNano":-1}]}]}]}"#,
            .member("endTimeUnixNano")
        ),
        (
            #"{"resourceSpans":[{"resource":{"attributes":[{"value":{"bytesValue":"*"}}]}}]}"#,
            .member("bytesValue")
        ),
    ])
    func `says which member is wrong`(json: String, expected: OTLPError) {
        #expect(throws: expected) { try TraceRequest.decode(json: Array(json.utf8)) }
    }

    // MARK: - What is refused

    @Test(arguments: [
        (#""name":"n""#, 1), (spanFields, 0),
        (#"\#(spanFields),"traceId":"00000000000000000000000000000000""#, 1),
        (#"\#(spanFields),"spanId":"0000000000000000""#, 1),
        (#"\#(spanFields),"spanId":"a1""#, 1), (#"\#(spanFields),"spanId":"no hex""#, 1),
        (#"\#(spanFields),"traceId":"AQIDBAUGBwgJCgsMDQ4PEA==""#, 1),
        (#"\#(spanFields),"parentSpanId":"0000000000000000""#, 0),
        (#"\#(spanFields),"parentSpanId":"a1""#, 1), (#"\#(spanFields),"parentSpanId":"no hex""#, 1),
        (#"\#(spanFields),"parentSpanId":"""#, 0), (#"\#(spanFields),"parentSpanId":null"#, 0),
    ])
    func `counts spans without valid ids, and takes the others`(members: String, rejected: Int) throws {
        let decoded = try spans("\(members)},{\(Self.spanFields)")
        #expect(decoded.rejected == rejected)
        #expect(decoded.batches.map(\.spans.count) == [2 - rejected])
        #expect(decoded.message.isEmpty == (rejected == 0))
    }

    @Test func `cuts what is beyond the limits, and counts it as dropped`() throws {
        var limits = OTLPLimits()
        limits.attributes = 2
        limits.text = 4
        limits.depth = 1
        limits.events = 1
        limits.links = 0
        let decoded = try TraceRequest.decode(protobuf: OTLPFixture.hex("traces"), limits: limits)
        let span = decoded.batches[0].spans[0]
        // Seven of the nine, and the one that was dropped before.
        #expect(span.attributes == [Attribute("text", ""), Attribute("yes", true)])
        #expect(span.droppedAttributes == 8)
        #expect(span.droppedLinks == 6 && span.links.isEmpty && span.events.count == 1)
        #expect(span.name == "alig")
        #expect(decoded.batches[0].resource == [Attribute("serv", "mär")])
        limits.attributes = 9
        limits.text = 100
        let deep = try TraceRequest.decode(protobuf: OTLPFixture.hex("traces"), limits: limits)
        #expect(deep.batches[0].spans[0].attributes[7].value == .array(["x", .empty, .empty]))
        let json = try TraceRequest.decode(json: OTLPFixture.bytes("traces.json"), limits: limits)
        #expect(json == deep)
    }

    @Test func `refuses requests with too many parts`() throws {
        var limits = OTLPLimits()
        limits.spans = 1
        #expect(throws: OTLPError.tooMany("spans", limit: 1)) {
            try TraceRequest.decode(protobuf: OTLPFixture.hex("traces"), limits: limits)
        }
        limits = OTLPLimits()
        limits.values = 10
        #expect(throws: OTLPError.tooMany("values", limit: 10)) {
            try TraceRequest.decode(protobuf: OTLPFixture.hex("traces"), limits: limits)
        }
        limits.dataPoints = 5
        #expect(throws: OTLPError.tooMany("values", limit: 10)) {
            try MetricsRequest.decode(protobuf: OTLPFixture.hex("metrics"), limits: limits)
        }
        limits.values = 100
        #expect(throws: OTLPError.tooMany("data points", limit: 5)) {
            try MetricsRequest.decode(protobuf: OTLPFixture.hex("metrics"), limits: limits)
        }
        limits.dataPoints = 6
        limits.buckets = 2
        #expect(throws: OTLPError.tooMany("buckets of a data point", limit: 2)) {
            try MetricsRequest.decode(protobuf: OTLPFixture.hex("metrics"), limits: limits)
        }
    }

    @Test func `reads no part of a message that was cut`() throws {
        for name in ["traces", "metrics"] {
            let whole = try OTLPFixture.hex(name)
            for length in 1..<whole.count {
                let part = Array(whole[..<length])
                #expect(throws: OTLPError.protobuf(.truncated)) {
                    if name == "traces" {
                        _ = try TraceRequest.decode(protobuf: part)
                    } else {
                        _ = try MetricsRequest.decode(protobuf: part)
                    }
                }
            }
        }
        #expect(try TraceRequest.decode(protobuf: []).batches.isEmpty)
    }

    @Test func `stores texts that PostgreSQL takes`() throws {
        let span = ProtobufWriter.message { span in
            span.field(1, bytes: OTLPFixture.trace.bytes)
            span.field(2, bytes: OTLPFixture.span.bytes)
            span.field(5, bytes: [0x61, 0, 0xFF, 0x62])
        }
        let request = ProtobufWriter.message { request in
            request.field(1) { $0.field(2) { $0.field(2, bytes: span) } }
        }
        #expect(try TraceRequest.decode(protobuf: request).batches[0].spans[0].name == "a\u{2400}\u{FFFD}b")
    }

    @Test func `does not recurse into values that are nested without end`() throws {
        // AnyValue { array_value { values { … } } }
        var value: [UInt8] = []
        for _ in 0..<20_000 {
            let inner = value
            value = ProtobufWriter.message { $0.field(5) { $0.field(1, bytes: inner) } }
        }
        let request = ProtobufWriter.message { request in
            request.field(1) { $0.field(1) { $0.field(1) { $0.field(2, bytes: value) } } }
        }
        #expect(try TraceRequest.decode(protobuf: request).batches.isEmpty)
        let open = String(repeating: #"{"arrayValue":{"values":["#, count: 20_000)
        let close = String(repeating: "]}}", count: 20_000)
        let json = #"{"resourceSpans":[{"resource":{"attributes":[{"value":\#(open)\#(close)}]}}]}"#
        #expect(try TraceRequest.decode(json: Array(json.utf8)).batches.isEmpty)
    }
}
