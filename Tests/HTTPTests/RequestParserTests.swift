import HTTP
import Testing

@Suite struct `Request parser` {
    @Test func `reads the head of a request`() throws {
        let result = parse(
            "GET /a%20b/c?x=1&y=2?3 HTTP/1.1\r\nHost: weir:8000\r\nX-Two:\t two words \r\nX-Empty:\r\n\r\n"
        )
        let request = try #require(result.requests.first)
        #expect(request.head.method == .get)
        #expect(request.head.target == "/a%20b/c?x=1&y=2?3")
        #expect(request.head.path == "/a%20b/c")
        #expect(request.head.rawQuery == "x=1&y=2?3")
        #expect(request.head.version == .http11)
        #expect(request.head.fields == ["host": "weir:8000", "x-two": "two words", "x-empty": ""])
        #expect(request.framing == .none)
        #expect(request.isComplete)
        #expect(result.error == nil)
        #expect(result.isBetweenRequests)
    }

    static let targets: [(String, String, String?)] = [
        ("GET / HTTP/1.1", "/", nil),
        ("GET /? HTTP/1.1", "/", ""),
        ("GET //a/../b HTTP/1.1", "//a/../b", nil),
        ("GET http://weir HTTP/1.1", "/", nil),
        ("GET HTTP://weir:80/a?b HTTP/1.1", "/a", "b"),
        ("GET https://[::1]:8000?b HTTP/1.1", "/", "b"),
        ("OPTIONS * HTTP/1.1", "*", nil),
        ("OPTIONS /a HTTP/1.1", "/a", nil),
        ("BREW /pot HTTP/1.1", "/pot", nil),
        ("get / HTTP/1.1", "/", nil),
        ("GET / HTTP/1.0", "/", nil),
        ("GET / HTTP/1.9", "/", nil),
        ("GET /{x}|\"<> HTTP/1.1", "/{x}|\"<>", nil),
    ]

    @Test(arguments: targets)
    func `takes targets apart`(_ line: String, _ path: String, _ query: String?) throws {
        let head = try #require(parse(wire(line)).requests.first?.head)
        #expect(head.path == path)
        #expect(head.rawQuery == query)
        #expect(
            "\(head.method) \(head.target)" == line.split(separator: " ").dropLast().joined(separator: " ")
        )
    }

    @Test func `an absolute target overrules Host`() throws {
        let head = try #require(parse("GET http://a:1/ HTTP/1.1\r\nHost: b\r\n\r\n").requests.first?.head)
        #expect(head.fields.values("Host") == ["a:1"])
    }

    static let bodies: [([String], BodyFraming, String)] = [
        ([], .none, ""),
        (["Content-Length: 0"], .length(0), ""),
        (["Content-Length: 5"], .length(5), "hello"),
        (["Content-Length: 005"], .length(5), "hello"),
        (["Content-Length: 5", "Content-Length: 5"], .length(5), "hello"),
        (["Content-Length: 5, 5"], .length(5), "hello"),
        (["content-length:5"], .length(5), "hello"),
        (["Transfer-Encoding: chunked"], .chunked, "0\r\n\r\n"),
        (["Transfer-Encoding: Chunked"], .chunked, "5\r\nhello\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], .chunked, "2;a=\"b\"\r\nhe\r\n03 ; c\r\nllo\r\n000\r\n\r\n"),
        (["Transfer-Encoding: chunked"], .chunked, "5;y\r\nhello\r\n0;x\r\n\r\n"),
    ]

    @Test(arguments: bodies)
    func `delimits the body`(_ fields: [String], _ framing: BodyFraming, _ body: String) throws {
        let result = parse(wire("POST / HTTP/1.1", fields, body: body))
        let request = try #require(result.requests.first)
        #expect(request.framing == framing)
        #expect(request.text == (body.contains("h") ? "hello" : ""))
        #expect(request.isComplete)
        #expect(result.requests.count == 1 && result.error == nil)
    }

    @Test func `keeps trailers apart from the header section`() throws {
        let body = "3\r\nabc\r\n0\r\nDigest: x\r\nContent-Length: 9\r\n\r\n"
        let request = try #require(
            parse(wire("POST / HTTP/1.1", ["Transfer-Encoding: chunked"], body: body)).requests.first
        )
        #expect(request.trailers == ["Digest": "x", "Content-Length": "9"])
        #expect(!request.head.fields.contains("Digest"))
    }

    @Test func `takes pipelined requests one after the other`() {
        let chunked = wire(
            "POST /b HTTP/1.1",
            ["Transfer-Encoding: chunked"],
            body: "1\r\nx\r\n0\r\nT: 1\r\n\r\n"
        )
        let sized = wire("POST /c HTTP/1.1", ["Content-Length: 4"], body: "GET ")
        let result = parse(wire("GET /a HTTP/1.1") + chunked + sized + "\r\n" + wire("GET /d HTTP/1.1"))
        #expect(result.requests.map(\.head.path) == ["/a", "/b", "/c", "/d"])
        #expect(result.requests.map(\.text) == ["", "x", "GET ", ""])
        #expect(result.requests.allSatisfy { $0.isComplete })
        #expect(result.requests.last?.trailers == HeaderFields())
    }

    @Test func `leaves the bytes of the next request to the caller`() {
        let first = wire("POST / HTTP/1.1", ["Content-Length: 2"], body: "ab")
        var parser = RequestParser()
        var offset = 0
        Array((first + wire()).utf8).withUnsafeBytes { bytes in
            loop: while true {
                if case .complete = parser.next(in: bytes, at: &offset) { break loop }
            }
        }
        #expect(offset == first.utf8.count)
        #expect(parser.isBetweenRequests)
    }

    @Test func `knows whether a request has begun`() {
        #expect(parse("").isBetweenRequests)
        #expect(parse("\r\n").isBetweenRequests)
        #expect(!parse("G").isBetweenRequests)
        #expect(!parse("GET / HTTP/1.1\r\n").isBetweenRequests)
        #expect(!parse(wire("POST / HTTP/1.1", ["Content-Length: 2"], body: "a")).isBetweenRequests)
        #expect(parse(wire()).isBetweenRequests)
    }

    @Test func `stays refused`() {
        var parser = RequestParser()
        for text in ["GET /\n", wire()] {
            var offset = 0
            Array(text.utf8).withUnsafeBytes { bytes in
                guard case .rejected(let error) = parser.next(in: bytes, at: &offset) else {
                    Issue.record("not refused: \(text)")
                    return
                }
                #expect(error.cause == .bareLineFeed)
            }
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1", [], true),
        ("GET / HTTP/1.1", ["Connection: Close"], false),
        ("GET / HTTP/1.1", ["Connection: TE, close"], false),
        ("GET / HTTP/1.1", ["Connection: TE", "Connection: close"], false),
        ("GET / HTTP/1.1", ["Connection: closed"], true),
        ("GET / HTTP/1.0", [], false),
        ("GET / HTTP/1.0", ["Connection: Keep-Alive"], true),
        ("GET / HTTP/1.0", ["Connection: keep-alive, close"], false),
    ])
    func `knows whether the connection is kept`(_ line: String, _ fields: [String], _ isKept: Bool) throws {
        let head = try #require(parse(wire(line, fields)).requests.first?.head)
        #expect(head.wantsKeepAlive == isKept)
    }

    @Test(arguments: [
        ("POST / HTTP/1.1", ["Expect: 100-continue"], true),
        ("POST / HTTP/1.1", ["expect: 100-Continue"], true),
        ("POST / HTTP/1.1", [], false),
        ("POST / HTTP/1.0", ["Expect: 100-continue"], false),
        ("POST / HTTP/1.0", ["Expect: miracles"], false),
        ("POST / HTTP/1.1", ["Expect:"], false),
        ("POST / HTTP/1.1", ["Expect: ,"], false),
        ("POST / HTTP/1.1", ["Expect: , 100-continue,"], true),
    ])
    func `knows who waits for 100 Continue`(_ line: String, _ fields: [String], _ waits: Bool) throws {
        let head = try #require(parse(wire(line, fields)).requests.first?.head)
        #expect(head.expectsContinue == waits)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a long line that arrives byte by byte costs linear time`() {
        let value = String(repeating: "x", count: 1_000_000)
        let limits = Limits(headerBytes: 2_000_000)
        let result = parse(wire("GET / HTTP/1.1", ["X: \(value)"]), limits: limits, pieceSize: 1)
        #expect(result.requests.first?.head.fields["X"]?.utf8.count == 1_000_000)
    }
}

@Suite struct `Request parser in pieces` {
    static let conversation =
        wire(
            "POST /telemetry?a=b HTTP/1.1",
            ["Content-Length: 11", "Connection: keep-alive"],
            body: "hello\r\nweir"
        )
        + "\r\n\r\n"
        + wire(
            "POST /b HTTP/1.1",
            ["Transfer-Encoding: chunked", "Trailer: X-Sum"],
            body: "4;x=y\r\n\r\n\r\n\r\n1\r\nz\r\n0\r\nX-Sum: 5\r\n\r\n"
        )
        + wire("OPTIONS * HTTP/1.1")
        + wire("GET / HTTP/1.1", ["Content-Length : 5"])

    @Test(arguments: [1, 2, 3, 5, 7, 11, 13, 64])
    func `any cutting gives the same events`(_ pieceSize: Int) {
        let whole = parse(Self.conversation)
        #expect(whole.requests.count == 3)
        #expect(whole.error?.cause == .spaceBeforeColon)
        #expect(parse(Self.conversation, pieceSize: pieceSize) == whole)
    }

    @Test func `one cut at any place gives the same events`() {
        let bytes = Array(Self.conversation.utf8)
        let whole = parse(bytes)
        for cut in 1..<bytes.count {
            #expect(parse(bytes, pieceSize: cut) == whole, "cut at \(cut)")
        }
    }

    @Test func `every beginning of a good request is waited for`() {
        let request = wire(
            "POST / HTTP/1.1",
            ["Transfer-Encoding: chunked"],
            body: "3\r\nabc\r\n0\r\nA: b\r\n\r\n"
        )
        for count in 0..<request.utf8.count {
            let result = parse(request.utf8.prefix(count))
            #expect(result.error == nil, "after \(count) bytes")
            #expect(result.requests.allSatisfy { !$0.isComplete }, "after \(count) bytes")
        }
    }
}

@Suite struct `Heads that Nextflow sends` {
    /// As recorded from Nextflow 23.04.5 (built in) and 23.10.4 with the weblog plugin; the last, with credentials and
    /// a trace context, is composed from what newer clients are known to send.
    static let heads = [
        """
        POST /weblog HTTP/1.1\r
        Content-Type: application/json\r
        User-Agent: Nextflow/23.04.5\r
        Host: 127.0.0.1:18765\r
        Accept: text/html, image/gif, image/jpeg, */*; q=0.2\r
        Connection: keep-alive\r
        Content-Length: 2\r
        \r\n
        """,
        """
        POST / HTTP/1.1\r
        Content-Type: application/json\r
        User-Agent: Nextflow/23.10.4\r
        Host: 127.0.0.1:18765\r
        Accept: text/html, image/gif, image/jpeg, */*; q=0.2\r
        Connection: keep-alive\r
        Content-Length: 2\r
        \r\n
        """,
        """
        POST /telemetry HTTP/1.1\r
        Content-Type: application/json\r
        Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r
        User-Agent: Nextflow/25.04.2\r
        Authorization: Basic d2VpcjpzZWNyZXQ=\r
        Host: localhost:8000\r
        Accept: text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2\r
        Connection: keep-alive\r
        Content-Length: 2\r
        \r\n
        """,
    ]

    @Test(arguments: heads)
    func `are read`(_ head: String) throws {
        let result = parse(head + "{}" + head + "[]")
        #expect(result.requests.map(\.text) == ["{}", "[]"])
        let request = try #require(result.requests.first)
        #expect(request.head.method == .post)
        #expect(request.head.wantsKeepAlive)
        #expect(request.head.fields["user-agent"]?.hasPrefix("Nextflow/2") == true)
        #expect(request.head.preferredMediaType(of: ["application/json"]) == "application/json")
    }
}
