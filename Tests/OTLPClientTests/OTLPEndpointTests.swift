import OpenTelemetry
import Testing

@testable import OTLPClient

/// Contract pipelogiq §4.1.
@Suite("Endpoints of collectors")
struct OTLPEndpointTests {
    private static let service = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

    @Test(arguments: [
        ("tempo:4317", nil, "http://tempo:4317"), ("tempo", nil, "http://tempo:4317"),
        ("http://tempo", nil, "http://tempo:4317"), ("https://tempo", nil, "https://tempo:4317"),
        ("https://tempo:443/ignored", nil, "https://tempo:443"), ("dns://tempo", nil, "https://tempo:4317"),
        ("HTTP://tempo:1", nil, "http://tempo:1"), ("https://tempo", true, "http://tempo:4317"),
        ("tempo", false, "https://tempo:4317"), ("http://tempo", false, "https://tempo:4317"),
        ("[::1]", nil, "http://[::1]:4317"), ("[::1]:5", nil, "http://[::1]:5"),
        ("::1", nil, "http://[::1]:4317"),
        ("http://[fe80::1]", nil, "http://[fe80::1]:4317"), ("10.0.0.1", nil, "http://10.0.0.1:4317"),
        ("http://tempo:5?x", nil, "http://tempo:5"), ("https://u@[fe80::2]:7/", nil, "https://u@[fe80::2]:7"),
        ("https://u:p@tempo", nil, "https://u:p@tempo:4317"),
    ])
    func `over gRPC`(text: String, insecure: Bool?, expected: String) throws {
        let endpoint = try OTLPEndpoint(text, .traces, transport: .grpc, insecure: insecure)
        #expect(endpoint.url == expected + Self.service)
    }

    @Test(arguments: [
        ("collector", nil, "http://collector:4318/v1/traces"),
        ("collector:99", nil, "http://collector:99/v1/traces"),
        ("http://collector:4318", nil, "http://collector:4318/v1/traces"),
        ("http://collector:4318/", nil, "http://collector:4318/v1/traces"),
        ("https://collector", nil, "https://collector/v1/traces"),
        ("https://collector/v1/traces", nil, "https://collector/v1/traces"),
        ("https://collector/own/path", nil, "https://collector/own/path"),
        ("https://collector", true, "http://collector/v1/traces"),
        ("collector", false, "https://collector:4318/v1/traces"),
        ("http://[::1]:4318/x", nil, "http://[::1]:4318/x"), ("[::1]", nil, "http://[::1]:4318/v1/traces"),
    ])
    func `over HTTP`(text: String, insecure: Bool?, expected: String) throws {
        #expect(try OTLPEndpoint(text, .traces, transport: .http, insecure: insecure).url == expected)
    }

    @Test(arguments: [
        ("http://collector:4318", false, "http://collector:4318/v1/metrics"),
        ("http://collector:4318/v1/traces", false, "http://collector:4318/v1/metrics"),
        ("http://collector:4318/base/v1/traces", false, "http://collector:4318/base/v1/metrics"),
        ("http://collector:4318/base/", false, "http://collector:4318/base/v1/metrics"),
        ("http://collector:4318/own", true, "http://collector:4318/own"),
    ])
    func `for metrics`(text: String, isOwn: Bool, expected: String) throws {
        #expect(try OTLPEndpoint(text, .metrics, transport: .http, isOwn: isOwn).url == expected)
    }

    @Test(arguments: [
        "", "http://", "http:///v1/traces", ":4317", "https://:443", "a b", "http://ho\u{7}st", "[::1",
        "tempo:http", "tempo:0", "tempo:65536", "tempo:+1", "[::1]x", "[::1]:", "https://u@",
    ])
    func `without a host are refused`(text: String) {
        #expect(throws: OTLPEndpoint.Fault.self) { try OTLPEndpoint(text, .traces, transport: .grpc) }
    }

    @Test func `over another scheme are refused for HTTP`() {
        #expect(throws: OTLPEndpoint.Fault.self) { try OTLPEndpoint("ftp://x", .traces, transport: .http) }
    }

    @Test(arguments: [
        ("", []), ("a=b", ["a: b"]), (" A-Key = v ,x=y=z", ["a-key: v", "x: y=z"]),
        ("authorization=Basic%20dXNlcg%3D%3D", ["authorization: Basic dXNlcg=="]),
        ("novalue,=v,k=, ,ok=100%", ["ok: 100%"]),
    ])
    func `have headers`(text: String, expected: [String]) {
        #expect(OTLPEndpoint.headers(text).map { "\($0.name): \($0.value)" } == expected)
    }

    @Test(arguments: [
        ("grpc", OTLPEndpoint.Transport.grpc), ("", .grpc), ("http/json", .grpc), ("http", .http),
        ("http/protobuf", .http), ("HTTP/Protobuf", .http),
    ])
    func `have a protocol`(name: String, expected: OTLPEndpoint.Transport) {
        #expect(OTLPEndpoint.Transport(name) == expected)
    }

    @Test(arguments: [
        ("true", true), ("T", true), ("1", true), ("False", false), ("f", false), ("0", false), ("yes", nil),
        (nil, nil),
    ])
    func `are insecure as Go reads it`(text: String?, expected: Bool?) {
        #expect(OTLPEndpoint.flag(text) == expected)
    }
}
