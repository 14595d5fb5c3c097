import HTTP
import Testing

@Suite struct `Forwarding fields` {
    @Test(arguments: [
        "Forwarded", "X-Forwarded-For", "x-forwarded-for", "X-FORWARDED-HOST", "X-Forwarded-Proto",
        "X-Forwarded-Port", "X-Forwarded-Server", "X-Forwarded", "Forwarded-For", "Via", "via", "X-Real-IP",
        "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "CF-Ray", "X-Original-Forwarded-For",
        "X-Envoy-External-Address", "X-Forwarded-For-Some-Name-That-Is-Longer-Than-All-Others",
    ])
    func `give a proxy away, however they are spelt`(name: String) {
        let fields: HeaderFields = ["Host": "h", "Content-Type": "application/json", name: ""]
        #expect(fields.forwardingField == name)
    }

    @Test func `are none of the fields that clients send`() {
        let fields: HeaderFields = [
            "Host": "h", "User-Agent": "curl", "Accept": "*/*", "Content-Type": "application/json",
            "Content-Length": "2", "Connection": "keep-alive", "Cookie": "a=b", "Authorization": "Bearer x",
            "X-API-Key": "k", "X-Request-Id": "r", "Traceparent": "t", "TE": "trailers",
            "Expect": "100-continue",
            "Vary": "a", "From": "me", "1": "2", "Transfer-Encoding": "chunked",
        ]
        #expect(fields.forwardingField == nil)
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.0.0.2", true), ("127.255.255.255", true), ("::1", true),
        ("::ffff:127.0.0.1", true), ("126.0.0.1", false), ("128.0.0.1", false), ("::2", false), ("::", false),
        ("1::1", false), ("::ffff:10.0.0.1", false), ("0.0.0.0", false),
    ])
    func `matter for loopback, which is this machine itself`(address: String, isLoopback: Bool) throws {
        #expect(try #require(IPAddress(address)).isLoopback == isLoopback)
    }
}
