import API
import Core
import HTTP
import HTTPServer
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

    @Test func `are the first of several, and never empty or trimmed`() {
        let fields: HeaderFields = ["X-API-Key": "first", "x-api-key": "second"]
        #expect(Credentials.secrets(in: fields, pathSecret: nil) == [Array("first".utf8)])
        #expect(Credentials.secrets(in: ["Authorization": Self.basic(":")], pathSecret: "").count == 1)
        let table = TokenTable([AccessToken(name: "t", secret: "with blank ", scopes: [.ingest])])
        #expect(table.grant(for: [Array("with blank".utf8)]) == nil)
        #expect(table.grant(for: [[]]) == nil && table.grant(for: []) == nil)
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
    private static let revoked = TokenTable([], hadTokens: true)

    private func decide(
        _ scope: Scope?,
        _ secret: String?,
        _ tokens: TokenTable,
        from origin: CallerOrigin = .local,
        anonymous: Bool = false
    ) -> AccessPolicy.Decision {
        AccessPolicy(allowsAnonymous: anonymous).decide(
            scope: scope,
            secrets: secret.map { [Array($0.utf8)] } ?? [],
            tokens: tokens,
            origin: { origin }
        )
    }

    private func isGranted(_ decision: AccessPolicy.Decision) -> Bool {
        if case .granted = decision { true } else { false }
    }

    static let strangers: [CallerOrigin] = [
        .remote, .forwarded(field: "Via"), .foreignPage(origin: "https://example.org"),
    ]

    @Test(arguments: Scope.allCases)
    func `for local callers everything is open while there has never been a token`(scope: Scope) {
        #expect(isGranted(decide(scope, nil, Self.none)))
        #expect(isGranted(decide(scope, "whatever", Self.none)))
        for stranger in Self.strangers {
            #expect(decide(scope, nil, Self.none, from: stranger) == .unauthorized(.notLocal(stranger)))
            #expect(
                decide(scope, "whatever", Self.none, from: stranger) == .unauthorized(.notLocal(stranger))
            )
        }
    }

    @Test func `once there is a token, local callers need one too`() {
        #expect(decide(.ingest, nil, Self.table) == .unauthorized(.tokensExist))
        #expect(decide(.ingest, "wrong", Self.table) == .unauthorized(.tokensExist))
        #expect(
            decide(.ingest, "in", Self.table, from: .remote)
                == .granted(TokenGrant(name: "sender", scopes: [.ingest]))
        )
        #expect(decide(.read, "in", Self.table) == .forbidden(missing: .read))
        #expect(
            decide(nil, nil, Self.table, from: .remote)
                == .granted(TokenGrant(name: "anonymous", scopes: []))
        )
    }

    @Test(arguments: Scope.allCases)
    func `revoking the last token opens nothing again`(scope: Scope) {
        #expect(decide(scope, nil, Self.revoked) == .unauthorized(.tokensExisted))
        #expect(decide(scope, "in", Self.revoked) == .unauthorized(.tokensExisted))
    }

    @Test(arguments: [table, revoked])
    func `allowing anonymous callers lets them send and read, but not change Weir`(tokens: TokenTable) {
        for secret in [nil, "wrong"] as [String?] {
            for origin in [.local] + Self.strangers {
                #expect(isGranted(decide(.ingest, secret, tokens, from: origin, anonymous: true)))
                #expect(isGranted(decide(.read, secret, tokens, from: origin, anonymous: true)))
                #expect(!isGranted(decide(.admin, secret, tokens, from: origin, anonymous: true)))
            }
        }
    }

    @Test func `a listener that others reach needs a token or a clear word`() throws {
        let open = try ListenSpecification.list("127.0.0.1:0,0.0.0.0:0", profiles: [])
        let error = #expect(throws: UnsafeBindError.self) {
            try AccessPolicy(allowsAnonymous: false).check(open, tokens: Self.none)
        }
        #expect(try #require(error).description.contains("WEIR_TOKENS"))
        try AccessPolicy(allowsAnonymous: true).check(open, tokens: Self.none)
        try AccessPolicy(allowsAnonymous: false).check(open, tokens: Self.table)
        // Nobody gets in, so that nothing is open; a token that is made now works at once.
        try AccessPolicy(allowsAnonymous: false).check(open, tokens: Self.revoked)
        try AccessPolicy(allowsAnonymous: false).check(Array(open.prefix(1)), tokens: Self.none)
    }

    @Test func `warns of tokens that nobody needs, and of a door that nobody can open`() {
        let (closed, open) = (AccessPolicy(allowsAnonymous: false), AccessPolicy(allowsAnonymous: true))
        #expect(open.warning(about: Self.table)?.contains("WEIR_ALLOW_ANONYMOUS=true lets requests") == true)
        #expect(closed.warning(about: Self.revoked)?.contains("`weir token create`") == true)
        #expect(closed.warning(about: Self.table) == nil && closed.warning(about: Self.none) == nil)
        #expect(open.warning(about: Self.none) == nil && open.warning(about: Self.revoked) == nil)
    }
}
