import HTTP
import Synchronization
import Testing

@Suite struct `Response encoder` {
    static let date = IMFFixdate.bytes(secondsSince1970: 784_111_777)

    struct Encoded {
        var head: String
        var body: [UInt8]
        var keepsAlive: Bool
        var text: String { String(decoding: body, as: UTF8.self) }
        var lines: [String] { head.split(separator: "\r\n").map(String.init) }

        func field(_ name: String) -> String? {
            lines.first { $0.lowercased().hasPrefix(name.lowercased() + ": ") }.map {
                String($0.dropFirst(name.count + 2))
            }
        }
    }

    static func encode(
        _ response: Response,
        for head: RequestHead? = .make(),
        keepAlive: Bool = true
    ) async throws -> Encoded {
        var out: [UInt8] = []
        var encoder = ResponseEncoder(answering: head, keepAlive: keepAlive)
        if case .stream(let stream) = encoder.start(response, date: date, into: &out) {
            for try await piece in stream { encoder.append(piece, into: &out) }
            encoder.finish(into: &out)
        }
        let end = try #require(out.indices.first { out[$0...].starts(with: "\r\n\r\n".utf8) })
        return Encoded(
            head: String(decoding: out[..<end], as: UTF8.self),
            body: Array(out[(end + 4)...]),
            keepsAlive: encoder.keepsAlive
        )
    }

    static func stream(_ pieces: String..., type: String = "image/png") -> Response {
        let pieces = pieces.map { Array($0.utf8) }
        let sequence = AsyncStream<[UInt8]> { continuation in
            for piece in pieces { continuation.yield(piece) }
            continuation.finish()
        }
        return Response(status: .ok, fields: ["Content-Type": type], body: .stream(ByteStream(sequence)))
    }

    @Test func `writes head and body`() async throws {
        var out: [UInt8] = []
        var encoder = ResponseEncoder(answering: .make(), keepAlive: true, keepAliveTimeoutSeconds: 9)
        var response = Response.json(Array("{}".utf8), status: .created)
        response.fields.append("Location", "/runs/1")
        guard case .complete = encoder.start(response, date: Self.date, into: &out) else {
            Issue.record("a body of bytes needs no stream")
            return
        }
        #expect(
            String(decoding: out, as: UTF8.self) == """
                HTTP/1.1 201 Created\r
                Date: Sun, 06 Nov 1994 08:49:37 GMT\r
                Content-Type: application/json\r
                Location: /runs/1\r
                Content-Length: 2\r
                Connection: keep-alive\r
                Keep-Alive: timeout=9\r
                \r
                {}
                """
        )
    }

    @Test(arguments: [
        (RequestHead.make(), true, true),
        (.make(), false, false),
        (.make(fields: ["Connection": "close"]), true, false),
        (.make(version: .http10), true, false),
        (.make(version: .http10, fields: ["Connection": "keep-alive"]), true, true),
        (nil, true, false),
    ])
    func `tells whether the connection is kept`(_ head: RequestHead?, _ isWilling: Bool, _ isKept: Bool)
        async throws
    {
        let encoded = try await Self.encode(.text("x"), for: head, keepAlive: isWilling)
        #expect(encoded.keepsAlive == isKept)
        #expect(encoded.field("Connection") == (isKept ? "keep-alive" : "close"))
        #expect(encoded.field("Keep-Alive") == (isKept ? "timeout=75" : nil))
    }

    @Test func `closes when the handler says so`() async throws {
        let encoded = try await Self.encode(Response(status: .badRequest, fields: ["connection": "Close"]))
        #expect(!encoded.keepsAlive)
        #expect(encoded.lines.filter { $0.lowercased().hasPrefix("connection") } == ["Connection: close"])
    }

    @Test func `a HEAD gets the length and no body`() async throws {
        let text = String(repeating: "weir ", count: 1000)
        let get = try await Self.encode(.text(text))
        let head = try await Self.encode(.text(text), for: .make(.head))
        #expect(head.head == get.head)
        #expect(head.field("Content-Length") == "5000")
        #expect(head.body.isEmpty)
        let streamed = try await Self.encode(Self.stream("abc"), for: .make(.head))
        #expect(streamed.field("Transfer-Encoding") == "chunked")
        #expect(streamed.body.isEmpty && streamed.keepsAlive)
    }

    @Test(arguments: [204, 304, 100])
    func `a status without body has none`(_ code: Int) async throws {
        for body in [Response.Body.empty, .bytes([1]), Self.stream("abc").body] {
            let encoded = try await Self.encode(Response(status: Status(code: code), body: body))
            #expect(encoded.body.isEmpty)
            #expect(encoded.field("Content-Length") == nil)
            #expect(encoded.field("Transfer-Encoding") == nil)
        }
    }

    @Test func `an empty body has a length`() async throws {
        #expect(try await Self.encode(Response(status: .ok)).field("Content-Length") == "0")
        #expect(try await Self.encode(Response(status: .ok, body: .bytes([]))).field("Content-Length") == "0")
    }

    @Test func `a stream is chunked`() async throws {
        let encoded = try await Self.encode(Self.stream("hello", "", "0123456789abcdef!"))
        #expect(encoded.field("Transfer-Encoding") == "chunked")
        #expect(encoded.field("Content-Length") == nil)
        #expect(encoded.text == "5\r\nhello\r\n11\r\n0123456789abcdef!\r\n0\r\n\r\n")
        #expect(encoded.keepsAlive)
    }

    @Test func `a stream for HTTP 1 point 0 ends with the connection`() async throws {
        let head = RequestHead.make(version: .http10, fields: ["Connection": "keep-alive"])
        let encoded = try await Self.encode(Self.stream("hello", "!"), for: head)
        #expect(encoded.text == "hello!")
        #expect(encoded.field("Transfer-Encoding") == nil)
        #expect(encoded.field("Connection") == "close")
        #expect(!encoded.keepsAlive)
    }

    @Test func `no value can end its line`() async throws {
        var response = Response.text("x")
        response.fields.append("Location", "/a\r\nSet-Cookie: b=c\r\n\r\n<html>\u{0}\u{7F}")
        response.fields.append("X\r\nEvil", "1")
        response.fields.append("", "1")
        response.fields.append("X Y", "1")
        let encoded = try await Self.encode(response)
        #expect(encoded.field("Location") == "/aSet-Cookie: b=c<html>")
        #expect(
            !encoded.lines.contains {
                $0.hasPrefix("Set-Cookie") || $0.contains("Evil") || $0.hasPrefix("X Y")
            }
        )
        #expect(encoded.text == "x")
    }

    @Test func `the handler cannot frame`() async throws {
        let fields: HeaderFields = [
            "Content-Length": "99", "transfer-encoding": "chunked", "Date": "never",
            "Keep-Alive": "timeout=1",
        ]
        let encoded = try await Self.encode(Response(status: .ok, fields: fields, body: .bytes([65])))
        #expect(encoded.field("Content-Length") == "1")
        #expect(encoded.field("Transfer-Encoding") == nil)
        #expect(encoded.field("Keep-Alive") == "timeout=75")
        #expect(encoded.lines.filter { $0.hasPrefix("Date") } == ["Date: Sun, 06 Nov 1994 08:49:37 GMT"])
    }
}

@Suite struct `Response compression` {
    typealias Encoder = `Response encoder`

    static let client = RequestHead.make(fields: ["Accept-Encoding": "gzip"])

    static func text(_ count: Int, type: String = "text/plain") -> Response {
        let body = [UInt8](repeating: UInt8(ascii: "w"), count: count)
        return Response(status: .ok, fields: ["Content-Type": type], body: .bytes(body))
    }

    static func inflate(_ bytes: [UInt8]) throws -> Int {
        try `Content decoder`.decode("gzip", bytes).count
    }

    @Test func `happens above a kibibyte`() async throws {
        let small = try await Encoder.encode(Self.text(1024), for: Self.client)
        #expect(small.field("Content-Encoding") == nil)
        #expect(small.body.count == 1024)
        let large = try await Encoder.encode(Self.text(1025), for: Self.client)
        #expect(large.field("Content-Encoding") == "gzip")
        #expect(large.field("Vary") == "Accept-Encoding")
        #expect(large.field("Content-Length") == String(large.body.count))
        #expect(try Self.inflate(large.body) == 1025)
    }

    @Test func `says that it would vary`() async throws {
        let plain = try await Encoder.encode(Self.text(2000))
        #expect(plain.field("Vary") == "Accept-Encoding")
        #expect(plain.field("Content-Encoding") == nil)
        #expect(plain.body.count == 2000)
    }

    @Test(arguments: [
        ("gzip", true), ("GZip", true), ("x-gzip", true), ("*", true), ("br, gzip;q=0.5", true),
        ("gzip;q=0", false), ("gzip; q=0.000", false), ("*;q=0", false), ("gzip;q=0, *", false),
        ("br", false), ("identity", false), ("", false), ("*;q=0, gzip", true),
        ("identity, gzip;q=0.5", false), ("identity;q=0.5, gzip", true), ("gzip;q=nonsense", false),
        ("gzip;q=2", false),
    ])
    func `asks the client`(_ acceptEncoding: String, _ isCompressed: Bool) async throws {
        let head = RequestHead.make(fields: ["Accept-Encoding": acceptEncoding])
        let encoded = try await Encoder.encode(Self.text(2000), for: head)
        #expect((encoded.field("Content-Encoding") == "gzip") == isCompressed)
    }

    @Test(arguments: [
        ("application/json", true), ("Application/JSON; charset=utf-8", true),
        ("application/problem+json", true),
        ("text/html", true), ("application/x-ndjson", true), ("image/svg+xml", true),
        ("application/openmetrics-text; version=1.0.0", true),
        ("text/event-stream", false), ("image/png", false), ("application/octet-stream", false), ("", false),
    ])
    func `asks the type`(_ type: String, _ isCompressed: Bool) async throws {
        let encoded = try await Encoder.encode(Self.text(2000, type: type), for: Self.client)
        #expect((encoded.field("Content-Encoding") == "gzip") == isCompressed)
        #expect((encoded.field("Vary") != nil) == isCompressed)
    }

    @Test func `leaves a body alone that is encoded already`() async throws {
        var response = Self.text(2000)
        response.fields.append("Content-Encoding", "br")
        let encoded = try await Encoder.encode(response, for: Self.client)
        #expect(encoded.field("Content-Encoding") == "br")
        #expect(encoded.body.count == 2000)
    }

    @Test func `gives HEAD the same head`() async throws {
        var head = Self.client
        let get = try await Encoder.encode(Self.text(2000), for: head)
        head.method = .head
        let answer = try await Encoder.encode(Self.text(2000), for: head)
        #expect(answer.head == get.head)
        #expect(answer.body.isEmpty)
    }

    @Test(arguments: [HTTPVersion.http10, .http11])
    func `works on streams`(_ version: HTTPVersion) async throws {
        let head = RequestHead.make(version: version, fields: Self.client.fields)
        let response = Encoder.stream("one\n", "", "two\n", type: "application/x-ndjson")
        let encoded = try await Encoder.encode(response, for: head)
        #expect(encoded.field("Content-Encoding") == "gzip")
        let body = version == .http10 ? encoded.body : Self.dechunked(encoded.body)
        #expect(String(decoding: try `Content decoder`.decode("gzip", body), as: UTF8.self) == "one\ntwo\n")
    }

    @Test func `compresses a large body piece by piece`() async throws {
        let text = String(repeating: "weir ", count: 100_000)
        let response = Response(
            status: .ok,
            fields: ["Content-Type": "text/plain"],
            body: .bytes(Array(text.utf8))
        )
        let encoded = try await Encoder.encode(response, for: Self.client)
        #expect(encoded.field("Transfer-Encoding") == "chunked" && encoded.field("Content-Length") == nil)
        let body = Self.dechunked(encoded.body)
        #expect(body.count < text.utf8.count / 10)
        #expect(String(decoding: try `Content decoder`.decode("gzip", body), as: UTF8.self) == text)
        var head = Self.client
        head.method = .head
        let answer = try await Encoder.encode(response, for: head)
        #expect(answer.head == encoded.head && answer.body.isEmpty)
        head = RequestHead.make(version: .http10, fields: Self.client.fields)
        let old = try await Encoder.encode(response, for: head)
        #expect(old.field("Content-Encoding") == nil && old.text == text)
    }

    private static func dechunked(_ bytes: [UInt8]) -> [UInt8] {
        let head = wire("POST / HTTP/1.1", ["Transfer-Encoding: chunked"])
        return parse(Array(head.utf8) + bytes).requests.first?.body ?? []
    }
}

@Suite struct `Byte stream` {
    @Test func `pulls until nil`() async throws {
        let counter = Mutex<UInt8>(0)
        let stream = ByteStream(pulling: {
            let count = counter.withLock { count in
                count += 1
                return count
            }
            return count < 3 ? [count] : nil
        })
        var pieces: [[UInt8]] = []
        for try await piece in stream { pieces.append(piece) }
        #expect(pieces == [[1], [2]])
    }

    @Test func `passes the error on`() async {
        let stream = ByteStream(pulling: { throw RequestError(.malformedChunk) })
        await #expect(throws: RequestError(.malformedChunk)) {
            for try await _ in stream {}
        }
    }
}

@Suite struct `IMF-fixdate` {
    static let dates: [(Int64, String)] = [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (1_795_205_142, "Fri, 20 Nov 2026 20:05:42 GMT"),
        (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        (-1, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (Int64.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ]

    @Test(arguments: dates)
    func `is written`(_ seconds: Int64, _ text: String) {
        #expect(String(decoding: IMFFixdate.bytes(secondsSince1970: seconds), as: UTF8.self) == text)
    }
}
