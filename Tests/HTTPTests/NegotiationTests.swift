import HTTP
import Testing

@Suite struct `Media type negotiation` {
    static let offers = ["text/plain", "application/json"]

    static let choices: [(String?, String?)] = [
        (nil, "text/plain"),
        ("", "text/plain"),
        ("*/*", "text/plain"),
        ("*", "text/plain"),
        ("application/json", "application/json"),
        ("Application/JSON", "application/json"),
        ("application/*", "application/json"),
        ("application/json, */*", "application/json"),
        ("application/json, text/plain, */*", "text/plain"),
        ("application/json;q=0.9, text/plain;q=0.8", "application/json"),
        ("application/json;q=0.5, text/*;q=0.6", "text/plain"),
        ("text/plain;q=0, */*", "application/json"),
        ("*/*;q=0.1, text/*;q=0", "application/json"),
        ("text/html", nil),
        ("text/html, */*;q=0", nil),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "text/plain"),
        ("application/json;charset=utf-8", "application/json"),
        ("application/json;version=2", nil),
        ("application/json;q=x", "text/plain"),
    ]

    @Test(arguments: choices)
    func `chooses`(_ accept: String?, _ expected: String?) {
        let fields: HeaderFields = accept.map { ["Accept": $0] } ?? [:]
        #expect(RequestHead.make(fields: fields).preferredMediaType(of: Self.offers) == expected)
    }

    @Test func `gives Prometheus what it prefers`() {
        let accept = """
            application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,\
            text/plain;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1
            """
        let head = RequestHead.make(fields: ["Accept": accept])
        let openMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8"
        let text = "text/plain; version=0.0.4; charset=utf-8"
        #expect(head.preferredMediaType(of: [text, openMetrics]) == openMetrics)
        #expect(head.preferredMediaType(of: ["application/json", text]) == text)
    }
}

@Suite struct `Query component` {
    static let decodings: [(String?, [String])] = [
        (nil, []),
        ("", []),
        ("&&", []),
        ("a=1&b=2", ["a=1", "b=2"]),
        ("a=1&b=2&a=3", ["a=1", "b=2", "a=3"]),
        ("a", ["a="]),
        ("=1", ["=1"]),
        ("a==b", ["a==b"]),
        ("a=b=c", ["a=b=c"]),
        ("a+b=c+d", ["a b=c d"]),
        ("a=%2B%26%3D", ["a=+&="]),
        ("a=%zz%", ["a=%zz%"]),
        ("a=%4", ["a=%4"]),
        ("a=%C3%A9%c3%a9", ["a=éé"]),
        ("a=%FF", ["a=\u{FFFD}"]),
        ("a=1;b=2", ["a=1;b=2"]),
        ("a[]=1", ["a[]=1"]),
    ]

    @Test(arguments: decodings)
    func `is decoded in order`(_ raw: String?, _ expected: [String]) {
        #expect(Query(raw: raw).pairs.map { "\($0.name)=\($0.value)" } == expected)
    }

    @Test func `finds by name`() {
        let query = Query(raw: "a=1&b=2&a=3")
        #expect(query.first("a") == "1")
        #expect(query.all("a") == ["1", "3"])
        #expect(query.first("A") == nil)
        #expect(query.all("c").isEmpty)
        #expect(!query.isEmpty)
    }
}

@Suite struct `Header fields` {
    @Test func `keep order and repetition`() {
        var fields: HeaderFields = ["A": "1", "b": "2"]
        fields.append("a", "3")
        #expect(fields.map(\.value) == ["1", "2", "3"])
        #expect(fields["a"] == "1")
        #expect(fields.values("A") == ["1", "3"])
        #expect(fields["c"] == nil)
        #expect(fields.count == 3)
    }

    @Test func `set replaces all`() {
        var fields: HeaderFields = ["A": "1", "b": "2", "a": "3"]
        fields.set("A", "4")
        #expect(fields == ["b": "2", "A": "4"])
        fields.remove("B")
        #expect(fields == ["a": "4"])
        fields.remove("a")
        #expect(fields.isEmpty)
    }

    @Test func `split lists over lines`() {
        let fields: HeaderFields = ["X": "a, b ,,", "x": "C"]
        #expect(fields.list("X") == ["a", "b", "C"])
        #expect(fields.hasToken("c", in: "x"))
        #expect(!fields.hasToken("d", in: "x"))
        #expect(!fields.hasToken("a", in: "y"))
    }

    @Test func `equal only when the same`() {
        #expect(HeaderFields() != ["a": "1"])
        #expect(["a": "1"] as HeaderFields == ["A": "1"])
        #expect(["a": "1"] as HeaderFields != ["a": "2"])
        #expect(["a": "1", "b": "2"] as HeaderFields != ["b": "2", "a": "1"])
    }
}

@Suite struct `CORS policy` {
    static let policy = CORSPolicy(
        allowedOrigins: ["https://Weir.example/", "http://localhost:3000"],
        exposedFields: ["X-Id"]
    )

    static func head(_ origin: String?, preflight: Bool = false, headers: String? = nil) -> RequestHead {
        var fields = HeaderFields()
        if let origin { fields.append("Origin", origin) }
        if preflight { fields.append("Access-Control-Request-Method", "POST") }
        if let headers { fields.append("Access-Control-Request-Headers", headers) }
        return .make(preflight ? .options : .get, fields: fields)
    }

    @Test(arguments: ["https://weir.example", "http://localhost:3000"])
    func `lets listed origins read`(_ origin: String) {
        let fields = Self.policy.responseFields(for: Self.head(origin))
        #expect(
            fields == [
                "Vary": "Origin", "Access-Control-Allow-Origin": origin,
                "Access-Control-Expose-Headers": "X-Id",
            ]
        )
    }

    @Test(arguments: [
        "http://weir.example", "https://weir.example.evil", "https://weir.example:8443", "null", nil,
    ])
    func `lets no others read`(_ origin: String?) {
        #expect(Self.policy.responseFields(for: Self.head(origin)) == ["Vary": "Origin"])
    }

    @Test func `lets all origins read if configured`() {
        let policy = CORSPolicy(allowedOrigins: ["*"])
        #expect(policy.responseFields(for: Self.head("null")) == ["Access-Control-Allow-Origin": "*"])
        #expect(policy.responseFields(for: Self.head(nil)).isEmpty)
    }

    @Test func `is silent when off`() {
        let policy = CORSPolicy(allowedOrigins: [])
        let head = Self.head("https://weir.example", preflight: true)
        #expect(policy.responseFields(for: head).isEmpty)
        #expect(policy.preflightResponse(for: head, allow: [.get]) == nil)
    }

    @Test func `answers a preflight`() throws {
        let head = Self.head("http://localhost:3000", preflight: true, headers: "authorization, x-a, b:ad")
        let response = try #require(Self.policy.preflightResponse(for: head, allow: [.get, .post]))
        #expect(response.status == .noContent)
        #expect(response.fields["Access-Control-Allow-Origin"] == "http://localhost:3000")
        #expect(response.fields["Access-Control-Allow-Methods"] == "GET, POST")
        #expect(response.fields["Access-Control-Allow-Headers"] == "authorization, x-a")
        #expect(response.fields["Access-Control-Max-Age"] == "600")
        #expect(response.fields["Access-Control-Allow-Credentials"] == nil)
        #expect(response.fields.list("Vary").contains("Origin"))
    }

    @Test func `gives a strange origin no permission`() throws {
        let head = Self.head("https://evil.example", preflight: true)
        let response = try #require(Self.policy.preflightResponse(for: head, allow: [.get]))
        #expect(response.status == .noContent)
        #expect(response.fields.map(\.name).allSatisfy { $0 == "Vary" })
    }

    @Test func `takes a plain OPTIONS for no preflight`() {
        var head = Self.head("http://localhost:3000")
        head.method = .options
        #expect(Self.policy.preflightResponse(for: head, allow: []) == nil)
        #expect(Self.policy.preflightResponse(for: Self.head(nil, preflight: true), allow: []) == nil)
    }
}
