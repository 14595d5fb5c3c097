import Core
import HTTP
import HTTPServer
import Ingest
import Testing
import WeirApp

@testable import WeirApp

@Suite struct `Presented credentials` {
    private static func basic(_ text: String) -> String { "Basic " + Base64.encode(Array(text.utf8)) }

    @Test(
        arguments: [
            (["Authorization": "Bearer s3cret"], nil),
            (["Authorization": "bearer   s3cret"], nil),
            (["X-API-Key": "s3cret"], nil),
            (["Authorization": basic("anybody:s3cret")], nil),
            (["Authorization": basic("s3cret:")], nil),
            (["Authorization": basic("s3cret")], nil),
            // nf-weblog 1.1.0 encodes what was configured once more.
            (["Authorization": basic(Base64.encode(Array("anybody:s3cret".utf8)))], nil),
            (["Authorization": basic(Base64.encode(Array("s3cret".utf8)))], nil),
            ([:], "s3cret"),
        ] as [(HeaderFields, String?)]
    )
    func `are found in every form in which clients present them`(fields: HeaderFields, path: String?) {
        #expect(Credentials.secrets(in: fields, pathSecret: path).contains(Array("s3cret".utf8)))
    }

    @Test(
        arguments: [
            [:], ["Authorization": "Bearer"], ["Authorization": "Digest s3cret"],
            ["Authorization": "Basic !!!"],
            ["X-API-Key": ""],
        ] as [HeaderFields]
    )
    func `are none where there are none`(fields: HeaderFields) {
        #expect(Credentials.secrets(in: fields, pathSecret: nil).isEmpty)
    }

    @Test func `may be user and password of which the whole is the token`() {
        let table = TokenTable([AccessToken(name: "t", secret: "user:pass", scopes: [.ingest])])
        let secrets = Credentials.secrets(in: ["Authorization": Self.basic("user:pass")], pathSecret: nil)
        #expect(table.grant(for: secrets)?.name == "t")
    }
}

@Suite struct `Access policy` {
    private static let table = TokenTable([
        AccessToken(name: "sender", secret: "in", scopes: [.ingest]),
        AccessToken(name: "reader", secret: "out", scopes: [.read]),
    ])
    private static let none = TokenTable([])

    private func decide(
        _ scope: Scope?,
        _ secret: String?,
        _ tokens: TokenTable,
        loopback: Bool,
        anonymous: Bool = false
    ) -> AccessPolicy.Decision {
        AccessPolicy(allowsAnonymous: anonymous).decide(
            scope: scope,
            secrets: secret.map { [Array($0.utf8)] } ?? [],
            tokens: tokens,
            isLoopbackListener: loopback
        )
    }

    private func isGranted(_ decision: AccessPolicy.Decision) -> Bool {
        if case .granted = decision { true } else { false }
    }

    @Test(arguments: Scope.allCases)
    func `on loopback everything is open while there is no token`(scope: Scope) {
        #expect(isGranted(decide(scope, nil, Self.none, loopback: true)))
        #expect(isGranted(decide(scope, "whatever", Self.none, loopback: true)))
        #expect(decide(scope, nil, Self.none, loopback: false) == .unauthorized)
    }

    @Test func `once there is a token, callers need one on loopback too`() {
        #expect(decide(.ingest, nil, Self.table, loopback: true) == .unauthorized)
        #expect(decide(.ingest, "wrong", Self.table, loopback: true) == .unauthorized)
        #expect(
            decide(.ingest, "in", Self.table, loopback: false)
                == .granted(TokenGrant(name: "sender", scopes: [.ingest]))
        )
        #expect(decide(.read, "in", Self.table, loopback: true) == .forbidden(missing: .read))
        #expect(
            decide(nil, nil, Self.table, loopback: false)
                == .granted(TokenGrant(name: "anonymous", scopes: []))
        )
    }

    @Test func `allowing anonymous callers lets them send and read, but not change Weir`() {
        for secret in [nil, "wrong"] as [String?] {
            #expect(isGranted(decide(.ingest, secret, Self.table, loopback: false, anonymous: true)))
            #expect(isGranted(decide(.read, secret, Self.table, loopback: false, anonymous: true)))
            #expect(decide(.admin, secret, Self.table, loopback: false, anonymous: true) == .unauthorized)
        }
    }

    @Test func `a listener that others reach needs a token or a clear word`() throws {
        let open = try ListenSpecification.list("127.0.0.1:0,0.0.0.0:0", faces: [])
        let error = #expect(throws: UnsafeBindError.self) {
            try AccessPolicy(allowsAnonymous: false).check(open, tokens: Self.none)
        }
        #expect(try #require(error).description.contains("WEIR_TOKENS"))
        try AccessPolicy(allowsAnonymous: true).check(open, tokens: Self.none)
        try AccessPolicy(allowsAnonymous: false).check(open, tokens: Self.table)
        try AccessPolicy(allowsAnonymous: false).check(Array(open.prefix(1)), tokens: Self.none)
    }
}
