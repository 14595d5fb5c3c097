import Testing

@testable import Outbound

@Suite struct `The address in a URL` {
    @Test func `is read as the client reads it`() {
        let plain = OutboundAddress("http://Host:8428/api/v1/write?extra_label=a")
        #expect(plain?.host == "host" && plain?.port == 8428 && plain?.path == "/api/v1/write")
        let secret = OutboundAddress("https://user:p%40ss@[::1]")
        #expect(secret?.host == "::1" && secret?.port == 443 && secret?.path == "/")
    }

    @Test(arguments: [
        "", "host:8428/api", "ftp://host/", "http://", "http:///path", "http://a b/", "http://a:p@b@c/",
        "/api/v1/write",
    ])
    func `is none where there is nothing to call`(url: String) {
        #expect(OutboundAddress(url) == nil)
    }

    @Test(arguments: [
        ("localhost", true), ("127.1.2.3", true), ("::1", true), ("0.0.0.0", true),
        ("127.example.org", false),
        ("example.org", false),
    ])
    func `may be this machine`(host: String, isThisMachine: Bool) {
        #expect(OutboundAddress.isThisMachine(host) == isThisMachine)
    }
}
