import HTTP
import Testing

@Suite struct `Trusted proxies` {
    static let list = ["10.0.0.0/8", "192.0.2.7", "2001:db8:1::/48", "unix"]

    static let chains: [(String, HeaderFields, String)] = [
        ("203.0.113.9", ["X-Forwarded-For": "1.2.3.4"], "203.0.113.9"),
        ("10.1.2.3", [:], "10.1.2.3"),
        ("10.1.2.3", ["X-Forwarded-For": "1.2.3.4"], "1.2.3.4"),
        ("10.1.2.3", ["X-Forwarded-For": "9.9.9.9, 1.2.3.4, 192.0.2.7"], "1.2.3.4"),
        ("10.1.2.3", ["X-Forwarded-For": "9.9.9.9", "x-forwarded-for": "1.2.3.4"], "1.2.3.4"),
        ("10.1.2.3", ["X-Forwarded-For": "10.0.0.1, 10.0.0.2"], "10.0.0.1"),
        ("10.1.2.3", ["X-Forwarded-For": "1.2.3.4, junk"], "10.1.2.3"),
        ("10.1.2.3", ["X-Forwarded-For": "1.2.3.4, unknown, 10.0.0.2"], "10.0.0.2"),
        ("10.1.2.3", ["X-Forwarded-For": "1.2.3.4:5678"], "1.2.3.4"),
        ("10.1.2.3", ["X-Forwarded-For": "2001:DB8:2::9"], "2001:db8:2::9"),
        ("10.1.2.3", ["X-Forwarded-For": "[2001:db8:2::9]:443, 2001:db8:1::1"], "2001:db8:2::9"),
        ("::ffff:10.1.2.3", ["X-Forwarded-For": "1.2.3.4"], "1.2.3.4"),
        ("", ["X-Forwarded-For": "1.2.3.4"], "1.2.3.4"),
        ("10.1.2.3", ["Forwarded": "for=1.2.3.4;proto=https;by=10.0.0.1"], "1.2.3.4"),
        (
            "10.1.2.3", ["Forwarded": "proto=http; For=\"[2001:db8:2::9]:4711\", for=10.0.0.2"],
            "2001:db8:2::9"
        ),
        ("10.1.2.3", ["Forwarded": "for=_hidden"], "10.1.2.3"),
        ("10.1.2.3", ["Forwarded": "for=\""], "10.1.2.3"),
        ("10.1.2.3", ["Forwarded": "proto=https"], "10.1.2.3"),
        ("10.1.2.3", ["Forwarded": "for=1.2.3.4", "X-Forwarded-For": "1.2.3.4"], "1.2.3.4"),
        ("10.1.2.3", ["Forwarded": "for=6.6.6.6", "X-Forwarded-For": "1.2.3.4"], "10.1.2.3"),
    ]

    @Test(arguments: chains)
    func `name the client`(_ peer: String, _ fields: HeaderFields, _ client: String) throws {
        let proxies = try TrustedProxies(Self.list)
        #expect(proxies.client(of: Peer(address: peer), fields).address == client)
    }

    @Test func `nobody is trusted by default`() throws {
        let fields: HeaderFields = ["X-Forwarded-For": "1.2.3.4"]
        for peer in ["127.0.0.1", "::1", ""] {
            #expect(try TrustedProxies().client(of: Peer(address: peer), fields).address == peer)
        }
    }

    @Test(arguments: [
        "", "weir", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "10.0.0.0/8/8", "::ffff:1.2.3.4/95",
    ])
    func `refuse what is no block`(_ entry: String) {
        #expect(throws: TrustedProxies.ListError.malformed(entry)) { try TrustedProxies([entry]) }
    }
}

@Suite struct `IP address` {
    static let addresses: [(String, [UInt8])] = [
        ("0.0.0.0", [0, 0, 0, 0]),
        ("255.1.20.3", [255, 1, 20, 3]),
        ("::", [UInt8](repeating: 0, count: 16)),
        ("::1", [UInt8](repeating: 0, count: 15) + [1]),
        ("1::", [0, 1] + [UInt8](repeating: 0, count: 14)),
        (
            "2001:DB8:0:0:8:800:200C:417A",
            [0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 8, 8, 0, 0x20, 0xC, 0x41, 0x7A]
        ),
        ("1:2:3:4:5:6:7::", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0]),
        ("64:ff9b::192.0.2.33", [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 33]),
        ("::ffff:192.0.2.1", [192, 0, 2, 1]),
        ("fe80::1%eth0", [0xFE, 0x80] + [UInt8](repeating: 0, count: 13) + [1]),
    ]

    @Test(arguments: addresses)
    func `is read`(_ text: String, _ octets: [UInt8]) {
        #expect(IPAddress(text)?.octets == octets)
    }

    @Test(arguments: [
        "", ".", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.", "1.2.3.+4", "1.2.3.4 ", "a.b.c.d",
        ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::", "g::",
        ":1", "1:", "1.2.3.4::", "::1.2.3", "1:2:3:4:5:6:7:1.2.3.4", "[::1]",
    ])
    func `is refused`(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false),
        ("10.128.0.0/9", "10.127.255.255", false), ("10.128.0.0/9", "10.128.0.0", true),
        ("192.0.2.4/30", "192.0.2.7", true), ("192.0.2.4/30", "192.0.2.8", false),
        ("0.0.0.0/0", "203.0.113.1", true), ("0.0.0.0/0", "::1", false),
        ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1/32", "192.0.2.2", false),
        ("::ffff:10.0.0.0/104", "10.9.9.9", true), ("2001:db8::/33", "2001:db8:7fff::", true),
        ("2001:db8::/33", "2001:db8:8000::", false), ("::/0", "2001:db8::1", true), ("::1/128", "::1", true),
    ])
    func `lies in a block`(_ block: String, _ address: String, _ isInside: Bool) throws {
        let block = try #require(AddressBlock(block))
        #expect(block.contains(try #require(IPAddress(address))) == isInside)
    }
}
