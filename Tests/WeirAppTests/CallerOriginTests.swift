import HTTP
import HTTPServer
import Testing

@testable import WeirApp

@Suite struct `Origin of a caller` {
    private func origin(
        _ fields: HeaderFields = [:],
        peer: String = "127.0.0.1",
        listener: String = "127.0.0.1:8000",
        proxies: [String]? = nil,
        cors: [String] = []
    ) throws -> CallerOrigin {
        let origins = CallerOrigins(
            proxies: try proxies.map { try TrustedProxies($0) },
            cors: CORSPolicy(allowedOrigins: cors)
        )
        let listener = ListenerInfo(profile: nil, description: listener)
        return origins.origin(of: fields, ConnectionInfo(peer: Peer(address: peer), listener: listener))
    }

    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1:8000"), ("127.0.0.2", "127.0.0.2:8000"), ("127.8.8.8", "localhost:8000"),
        ("::1", "[::1]:8000"), ("::ffff:127.0.0.1", "[::1]:8000"), ("", "unix:/run/weir.sock"),
    ])
    func `is local on loopback and on Unix sockets`(peer: String, listener: String) throws {
        #expect(try origin(peer: peer, listener: listener) == .local)
    }

    @Test(arguments: [
        ("127.0.0.1", "0.0.0.0:8000"), ("::1", "[::]:8000"), ("192.0.2.1", "127.0.0.1:8000"),
        ("2001:db8::1", "[::1]:8000"), ("::ffff:192.0.2.1", "127.0.0.1:8000"), ("nonsense", "127.0.0.1:8000"),
    ])
    func `is elsewhere when the peer is, or when others reach the listener`(peer: String, listener: String)
        throws
    {
        #expect(try origin(peer: peer, listener: listener) == .remote)
    }

    @Test(arguments: ["", "unix:/run/weir.sock", "127.0.0.1:8000"])
    func `is a proxy's when a field says so`(listener: String) throws {
        let peer = listener.hasPrefix("127") ? "127.0.0.1" : ""
        let listener = listener.isEmpty ? "unix:/x" : listener
        for name in ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"] {
            // Whoever claims to be local by such a field has a proxy before it.
            let found = try origin([name: "127.0.0.1"], peer: peer, listener: listener)
            #expect(found == .forwarded(field: name))
        }
    }

    private static let loopback = ["127.0.0.1/32", "::1/128", "unix"]

    @Test(
        arguments: [
            ["X-Forwarded-For": "127.0.0.1"],
            ["X-Forwarded-For": "::1", "X-Forwarded-Proto": "https", "Via": "1.1 x"],
            ["Forwarded": "for=127.0.0.1;proto=http"],
            ["X-Real-IP": "127.0.0.1", "X-Forwarded-For": "127.0.0.1"],
        ] as [HeaderFields]
    )
    func `is the client's behind a proxy that is trusted`(fields: HeaderFields) throws {
        #expect(try origin(fields, proxies: Self.loopback) == .local)
        #expect(try origin(fields, peer: "", listener: "unix:/x", proxies: Self.loopback) == .local)
        #expect(try origin(fields, proxies: ["10.0.0.0/8"]) != .local)
    }

    @Test(
        arguments: [
            ["X-Forwarded-For": "203.0.113.9"],
            // The client's own invention before what the proxy adds; or beside it.
            ["X-Forwarded-For": "127.0.0.1, 203.0.113.9"], ["X-Forwarded-For": "203.0.113.9, 127.0.0.1"],
            ["X-Forwarded-For": "203.0.113.9", "Forwarded": "for=127.0.0.1"],
            ["X-Forwarded-For": "127.0.0.1", "Forwarded": "for=203.0.113.9"],
            ["X-Forwarded-For": "127.0.0.1", "X-Real-IP": "203.0.113.9"],
            // Nobody says who asks.
            ["Via": "1.1 proxy"], ["X-Forwarded-For": "unknown"], ["X-Forwarded-For": ""],
            ["Forwarded": "for=_hidden"],
            ["Forwarded": "proto=https"], ["X-Forwarded-Host": "weir.example.org"],
        ] as [HeaderFields]
    )
    func `is not local behind a trusted proxy unless all that is said is`(fields: HeaderFields) throws {
        let found = try origin(fields, proxies: Self.loopback)
        guard case .forwarded = found else {
            Issue.record("\(found)")
            return
        }
    }

    @Test(
        arguments: [
            (["X-Forwarded-Host": "127.0.0.1:8080"], true),
            (
                [
                    "X-Forwarded-Host": "LocalHost:8080", "X-Forwarded-Proto": "http",
                    "X-Forwarded-Port": "8080",
                    "X-Forwarded-Prefix": "/weir",
                ], true
            ),
            (["X-Forwarded-Host": "[::1]:8080"], true),
            (["X-Forwarded-Host": "weir.example.org"], false), (["X-Forwarded-Prefix": "/weir"], false),
            (["X-Forwarded-Host": "127.0.0.1, weir.example.org"], false), (["X-Forwarded-Host": ""], false),
            (["X-Forwarded-Host": "127.0.0.1", "X-Forwarded-For": "127.0.0.1"], false),
            (["X-Forwarded-Host": "127.0.0.1", "Via": "1.1 proxy"], false),
            (["X-Forwarded-Host": "127.0.0.1", "X-Forwarded-Server": "gate"], false),
        ] as [(HeaderFields, Bool)]
    )
    func `is local when a proxy says only under which address of loopback it was asked`(
        fields: HeaderFields,
        isLocal: Bool
    ) throws {
        #expect((try origin(fields) == .local) == isLocal)
    }

    @Test func `is a foreign page's when a browser says so`() throws {
        let fields: HeaderFields = ["Host": "127.0.0.1:8000", "Origin": "https://evil.example.org"]
        #expect(try origin(fields) == .foreignPage(origin: "https://evil.example.org"))
        #expect(try origin(["Host": "127.0.0.1:8000", "Origin": "null"]) == .foreignPage(origin: "null"))
        #expect(try origin(fields, cors: ["https://evil.example.org"]) == .local)
        #expect(try origin(fields, cors: ["*"]) == .local)
    }

    @Test(arguments: ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "localhost", "127.0.0.1", "[::1]"])
    func `is local for a page of Weir's own`(host: String) throws {
        #expect(try origin(["Host": host, "Origin": "http://\(host)"]) == .local)
    }

    @Test func `is a foreign page's when a stranger's name leads here`() throws {
        let fields: HeaderFields = [
            "Host": "evil.example.org:8000", "Origin": "http://evil.example.org:8000",
        ]
        #expect(try origin(fields) == .foreignPage(origin: "http://evil.example.org:8000"))
    }
}
