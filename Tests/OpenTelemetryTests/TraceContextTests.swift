import Testing

@testable import OpenTelemetry

/// W3C Trace Context §3.2 and §3.3; contract pipelogiq §3.2 and §9.
@Suite("Trace context")
struct TraceContextTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let span = "00f067aa0ba902b7"

    @Test(arguments: [
        ("00-\(trace)-\(span)-01", "00-\(trace)-\(span)-01"),
        ("00-\(trace)-\(span)-00", "00-\(trace)-\(span)-00"),
        // Blanks around it.
        (" \t00-\(trace)-\(span)-01 ", "00-\(trace)-\(span)-01"),
        // Bit 1 says that the id is random; unknown bits are not passed on.
        ("00-\(trace)-\(span)-03", "00-\(trace)-\(span)-03"),
        ("00-\(trace)-\(span)-ff", "00-\(trace)-\(span)-03"),
        ("00-\(trace)-\(span)-fc", "00-\(trace)-\(span)-00"),
        // Of a later version the first four fields count.
        ("01-\(trace)-\(span)-01", "00-\(trace)-\(span)-01"),
        ("01-\(trace)-\(span)-01-what-comes", "00-\(trace)-\(span)-01"),
        ("cc-\(trace)-\(span)-00-", "00-\(trace)-\(span)-00"),
    ])
    func `reads a traceparent`(header: String, expected: String) {
        #expect(TraceParent(header)?.description == expected)
    }

    @Test(arguments: [
        "", "00", "-", "00-\(trace)-\(span)", "00-\(trace)-\(span)-", "00-\(trace)-\(span)-0",
        "00-\(trace)-\(span)-01-", "00-\(trace)-\(span)-01-00", "00-\(trace)-\(span)-011",
        "ff-\(trace)-\(span)-01", "FF-\(trace)-\(span)-01", "0-\(trace)-\(span)-01x",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-\(span)-01", "00-\(trace)-00F067AA0BA902B7-01",
        "00-\(trace)-\(span)-0A", "0A-\(trace)-\(span)-01",
        "00-00000000000000000000000000000000-\(span)-01", "00-\(trace)-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473-\(span)-01", "00-4bf92f3577b34da6a3ce929d0e0e4736a\(span)-01",
        "00_\(trace)_\(span)_01", "00-\(trace)-\(span)-zz", "00-\(trace)-00f067aa0ba902g7-01",
        "01-\(trace)-\(span)-01x", "00-\(trace)-\(span)-01,00-\(trace)-\(span)-01",
        "00-4bf92f3577b34da6a3ce929d0e0e47é-\(span)-01",
    ])
    func `ignores a malformed traceparent`(header: String) {
        #expect(TraceParent(header) == nil)
    }

    @Test(arguments: [
        (["rojo=00f067aa0ba902b7"], "rojo=00f067aa0ba902b7"),
        (["rojo=1, congo=t61rcWkgMzE"], "rojo=1,congo=t61rcWkgMzE"),
        // Repeated headers are one list.
        (["a=1", "b=2\t,", ",c=3"], "a=1,b=2,c=3"),
        (["1tenant@sys=x y"], "1tenant@sys=x y"),
        (["a_-*/0=!~"], "a_-*/0=!~"),
    ])
    func `passes a tracestate on`(headers: [String], expected: String) {
        #expect(TraceState(headers)?.header == expected)
    }

    @Test(arguments: [
        [], [""], [" , ,"], ["novalue"], ["a="], ["=1"], ["A=1"], ["1a=1"], ["a=1,a=2"], ["a=1", "a=1"],
        ["a=b=c"], ["a@b@c=1"], ["a@=1"], ["@b=1"], ["a=é"], ["a=1\u{1}"], ["ok=1,bad"],
        [(0..<33).map { "k\($0)=v" }.joined(separator: ",")],
        ["a=" + String(repeating: "x", count: 257)],
        [String(repeating: "k", count: 257) + "=1"],
        ["a@abcdefghijklmno=1"],
    ])
    func `drops a malformed tracestate as a whole`(headers: [String]) {
        #expect(TraceState(headers) == nil)
    }

    @Test func `keeps 32 members and 512 characters`() {
        let members = (0..<32).map { "k\($0)=\(String(repeating: "v", count: 12))" }.joined(separator: ",")
        #expect(members.utf8.count >= 512)
        #expect(TraceState([members])?.header == members)
    }

    @Test func `drops a tracestate of more than 1024 characters`() {
        let long = (0..<4).map { "k\($0)=\(String(repeating: "v", count: $0 == 0 ? 253 : 252))" }
        let header = long.joined(separator: ",") + ",k4=vvvv"
        let most = String(header.prefix(1024))
        #expect(most.utf8.count == 1024)
        #expect(TraceState([most])?.header == most)
        #expect(TraceState([most + "v"]) == nil)
    }

    @Test func `reads the ids that clients send`() {
        #expect(TraceID(lenient: "4BF92F3577B34DA6A3CE929D0E0E4736")?.description == Self.trace)
        #expect(TraceID(lenient: "4bf92f35-77b3-4da6-a3ce-929d0e0e4736")?.description == Self.trace)
        #expect(TraceID(lenient: "order-4711") == nil)
        #expect(TraceID(lenient: "00000000-0000-0000-0000-000000000000") == nil)
        #expect(TraceID(wire: "4BF92F3577B34DA6A3CE929D0E0E4736") == nil)
        #expect(SpanID(lenient: "00F067AA0BA902B7")?.description == Self.span)
        #expect(SpanID(wire: "0000000000000000") == nil)
        // Half of it may be zero.
        #expect(TraceID(wire: "0000000000000000\(Self.span)") != nil)
        #expect(TraceID(wire: "\(Self.span)0000000000000000") != nil)
    }

    @Test func `derives the same ids for the same names`() {
        // printf 'weir/trace/run/42' | sha256sum; printf "weir/span/$trace/task 1" | sha256sum
        let trace = TraceID.derived("run", "42")
        #expect(trace.description == "8ee2a636083ab3e1dae067cfb266535d")
        #expect(SpanID.derived(in: trace, "task 1").description == "77cbf265e85eb1b4")
        #expect(trace.high == TraceID(bytes: trace.bytes)?.high)
    }
}
