import Core
import OpenTelemetry
import Outbound
import TestKit
import Testing

@testable import OTLPClient

@Suite("Sending to a collector")
struct OTLPSenderTests {
    private static let message: [UInt8] = [10, 0]

    private static func sender(
        _ url: String,
        _ transport: OTLPEndpoint.Transport = .http,
        isCompressed: Bool = false,
        timeout: Duration = .seconds(5)
    ) throws -> OTLPSender {
        var endpoint = try OTLPEndpoint(url, .traces, transport: transport)
        endpoint.headers = OTLPEndpoint.headers("x-scope=lab")
        return OTLPSender(
            endpoint: endpoint,
            timeout: timeout,
            isCompressed: isCompressed,
            client: OutboundClient(parallel: 1)
        )
    }

    @Test func `posts protobuf with the headers that are set`() async throws {
        let receiver = try Receiver(Receiver.answer(200, "", "Content-Type: application/x-protobuf"))
        let outcome = try await Self.sender(receiver.url).send(Self.message)
        #expect(outcome == .accepted(rejected: 0, message: ""))
        let request = try #require(receiver.requests.first)
        #expect(request.line == "POST /v1/traces HTTP/1.1")
        #expect(request.field("content-type") == "application/x-protobuf")
        #expect(request.field("x-scope") == "lab")
        #expect(request.field("content-encoding") == nil)
        #expect(request.body == Self.message)
    }

    @Test func `compresses when it is told to`() async throws {
        let receiver = try Receiver(Receiver.answer(200))
        _ = try await Self.sender(receiver.url, isCompressed: true).send(Self.message)
        let request = try #require(receiver.requests.first)
        #expect(request.field("content-encoding") == "gzip")
        #expect(request.body.starts(with: [0x1F, 0x8B]))
    }

    /// OTLP 1.x, "Retryable Response Codes" and "Failures"; what an operator can mend is tried again.
    @Test(arguments: [
        (400, OTLPSender.Outcome.refused("HTTP 400")), (413, .refused("HTTP 413")),
        (401, .retry(after: .seconds(60), "HTTP 401")), (404, .retry(after: .seconds(60), "HTTP 404")),
        (302, .retry(after: .seconds(60), "HTTP 302")),
        (429, .retry(after: .seconds(7), "HTTP 429")), (503, .retry(after: .seconds(7), "HTTP 503")),
        (500, .retry(after: nil, "HTTP 500")),
    ])
    func `reads a status`(status: Int, expected: OTLPSender.Outcome) async throws {
        let receiver = try Receiver(Receiver.answer(status, "", "Retry-After: 7"))
        #expect(try await Self.sender(receiver.url).send(Self.message) == expected)
    }

    @Test func `hears what was rejected`() async throws {
        let answer = #"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}}"#
        let receiver = try Receiver(Receiver.answer(200, answer, "Content-Type: application/json"))
        let outcome = try await Self.sender(receiver.url).send(Self.message)
        #expect(outcome == .accepted(rejected: 3, message: "too old"))
    }

    @Test func `takes no web page for the answer of a collector`() async throws {
        let receiver = try Receiver(Receiver.answer(200, "<html>", "Content-Type: text/html; charset=utf-8"))
        let why = "the answer is a web page (HTTP 200): is this an endpoint of OTLP?"
        #expect(try await Self.sender(receiver.url).send(Self.message) == .retry(after: .seconds(60), why))
    }

    @Test func `tries again when nobody is there`() async throws {
        let closed = try Receiver().url
        let outcome = try await Self.sender(closed).send(Self.message)
        guard case .retry(nil, let why) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(why.contains("refused"))
    }

    /// What a call of gRPC was answered with: fields, trailers included.
    @Test(arguments: [
        ([("grpc-status", "0")], OTLPSender.Outcome.accepted(rejected: 0, message: "")),
        ([("grpc-status", "14"), ("grpc-message", "no%20room")], .retry(after: nil, "UNAVAILABLE: no room")),
        ([("grpc-status", "8")], .refused("RESOURCE_EXHAUSTED")),
        (
            [("grpc-status", "8"), ("grpc-status-details-bin", Self.delay)],
            .retry(after: .seconds(30), "RESOURCE_EXHAUSTED")
        ),
        ([("grpc-status", "3"), ("grpc-message", "bad")], .refused("INVALID_ARGUMENT: bad")),
        ([("grpc-status", "14"), ("grpc-message", "a%0Ab")], .retry(after: nil, "UNAVAILABLE: a b")),
        // The trailer counts, not the field.
        ([("grpc-status", "0"), ("grpc-status", "13")], .refused("INTERNAL")),
        ([("grpc-status", "12")], .retry(after: .seconds(60), "UNIMPLEMENTED")),
        ([("grpc-status", "16")], .retry(after: .seconds(60), "UNAUTHENTICATED")),
        ([("grpc-status", "77")], .refused("UNKNOWN")),
        ([], .retry(after: nil, "the answer has no grpc-status (HTTP 200): is this an endpoint of gRPC?")),
    ])
    func `reads a status of gRPC`(fields: [(String, String)], expected: OTLPSender.Outcome) {
        let response = OutboundResponse(
            status: 200,
            fields: fields.map { (name: $0.0, value: $0.1) },
            body: []
        )
        #expect(OTLPSender.outcome(ofCall: response) == expected)
    }

    @Test(arguments: [(404, Duration.seconds(60)), (502, nil)])
    func `reads an answer that is none of gRPC`(status: Int, pause: Duration?) {
        let outcome = OTLPSender.outcome(ofCall: OutboundResponse(status: status, fields: [], body: []))
        let why = "the answer has no grpc-status (HTTP \(status)): is this an endpoint of gRPC?"
        #expect(outcome == .retry(after: pause, why))
    }

    @Test func `waits for ten minutes at most`() async throws {
        let receiver = try Receiver(Receiver.answer(503, "", "Retry-After: 7000"), Receiver.answer(202))
        let sender = try Self.sender(receiver.url)
        #expect(await sender.send(Self.message) == .retry(after: .seconds(600), "HTTP 503"))
        #expect(await sender.send(Self.message) == .accepted(rejected: 0, message: ""))
    }

    /// libcurl 7.88 fails at the second call over a kept connection.
    @Test func `calls again and again over gRPC`() async throws {
        let collector = try GRPCStub([("grpc-status", "0")])
        let sender = try Self.sender("127.0.0.1:\(collector.port)", .grpc)
        for _ in 1...3 {
            #expect(await sender.send(Self.message) == .accepted(rejected: 0, message: ""))
        }
        #expect(collector.calls == Array(repeating: [0, 0, 0, 0, 2, 10, 0], count: 3))
    }

    /// Without padding, as gRPC sends it.
    private static let delay: String = {
        var text: [UInt8] = []
        Base64.append(RPCStatus(.resourceExhausted, "", retryDelay: .seconds(30)).protobuf(), to: &text)
        return String(decoding: text.filter { $0 != UInt8(ascii: "=") }, as: UTF8.self)
    }()
}
